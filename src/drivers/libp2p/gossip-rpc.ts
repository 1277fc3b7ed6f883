/** One RPC of gossipsub, as far as its size matters: how large it is, and how it is cut to fit the limits. */
import {
  gossipControlBytesMax,
  gossipMessageOverheadBytes,
  gossipRpcBytesMax,
  gossipRpcMessagesMax,
} from "./limits.ts";

export interface Rpc {
  readonly subscriptions?: readonly object[];
  readonly messages: readonly RpcMessage[];
  readonly control?: {
    readonly ihave: readonly { readonly topicID: string; readonly messageIDs: readonly Uint8Array[] }[];
    readonly iwant: readonly object[];
    readonly graft: readonly object[];
    readonly prune: readonly object[];
    readonly idontwant: readonly object[];
  };
}

interface RpcMessage {
  readonly data?: Uint8Array;
}

/** Bytes of its messages on the wire, rounded up. */
export function messageBytesOf(rpc: Rpc): number {
  return rpc.messages.reduce((bytes, message) => bytes + bytesOf(message), 0);
}

/** One RPC as several within the limits; control data stays with the first. */
export function cutRpc(rpc: Rpc): readonly Rpc[] {
  if (rpc.messages.length === 1) return [rpc];
  const groups: RpcMessage[][] = [];
  let bytes = 0;
  for (const message of rpc.messages) {
    const size = bytesOf(message);
    const last = groups.at(-1);
    const isFull = last?.length === gossipRpcMessagesMax || bytes + size > gossipRpcBytesMax - gossipControlBytesMax;
    if (last === undefined || isFull) {
      groups.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return groups.map((messages, index) => (index === 0 ? { ...rpc, messages } : { subscriptions: [], messages }));
}

function bytesOf(message: RpcMessage): number {
  return (message.data?.length ?? 0) + gossipMessageOverheadBytes;
}
