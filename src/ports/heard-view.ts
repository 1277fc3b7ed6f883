/** What was heard of how others see a peer: shapes that the machine, its effects and whoever shows them share. */
import type { PeerId } from "../base/brand.ts";
import type { PeerView } from "../codec/peers.ts";

/** What a node says of its own standing to a peer. */
export type ViewWords = Omit<PeerView, "by">;

/** A view, and who handed it over; that is who said it, where nobody was between. */
export interface HeardView extends PeerView {
  readonly through: PeerId;
}

/** What came of asking. */
export interface HeardViews {
  readonly views: readonly HeardView[];
  /** Who was asked and has not answered. */
  readonly silent: readonly PeerId[];
}
