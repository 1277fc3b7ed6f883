/**
 * Every cause that `p2p-sync doctor` can name: one row each, with what it means and what to do. docs/DOCTOR.md is
 * made from this table. Scripts match on the code; a cause is named only where it was seen, never guessed.
 */

/** `critical` where the node does not start, does not answer, or takes no writes. */
export type Severity = "warning" | "critical";

export const doctorAreas = [
  "process",
  "configuration",
  "data folder",
  "disk",
  "limits",
  "ports",
  "addresses",
  "discovery",
  "peers",
  "clock",
  "open files",
] as const;
/** One of the areas that a diagnosis looks at. */
export type DoctorArea = (typeof doctorAreas)[number];

export interface CauseDefinition {
  readonly area: DoctorArea;
  readonly severity: Severity;
  readonly meaning: string;
  /** One or two sentences, complete where no more is known of the case. */
  readonly whatToDo: string;
}

export const doctorCauses = {
  node_silent: {
    area: "process",
    severity: "critical",
    meaning: "A process holds the data folder, but its HTTP API does not answer.",
    whatToDo: "Look at its log; if it hangs, end that process and start the node again: what was acknowledged is kept.",
  },
  node_died: {
    area: "process",
    severity: "warning",
    meaning: "The last node on this data folder ended without stopping: it was killed, or its machine lost power.",
    whatToDo: "Start it again: what was acknowledged is kept. Look at its log and the system's for the reason.",
  },
  config_invalid: {
    area: "configuration",
    severity: "critical",
    meaning: "The configuration has a mistake, so start would refuse it.",
    whatToDo: "Correct the line it names; p2p-sync config check shows all of them.",
  },
  folder_unusable: {
    area: "data folder",
    severity: "critical",
    meaning: "The data folder cannot be made or written, or a secret in it can be read by others.",
    whatToDo: "Correct what it names, or choose another folder with --data-dir.",
  },
  store_newer: {
    area: "data folder",
    severity: "critical",
    meaning: "A later version of the program wrote the store.",
    whatToDo: "Run that version or a later one; the store is left as it is.",
  },
  disk_full: {
    area: "disk",
    severity: "critical",
    meaning: "Nearly nothing is free on the disk of the data folder.",
    whatToDo: "Free space on it now; the node refuses writes until there is some.",
  },
  disk_low: {
    area: "disk",
    severity: "warning",
    meaning: "Little is free on the disk of the data folder.",
    whatToDo: "Free space on it before writes are refused.",
  },
  disk_slow: {
    area: "disk",
    severity: "warning",
    meaning: "The disk takes long to sync, and every acknowledged write waits for that.",
    whatToDo: "Move the data folder to a faster disk, or look at what else keeps this one busy.",
  },
  limit_near: {
    area: "limits",
    severity: "warning",
    meaning: "A limit on what this node may use is nearly reached, or slows it down.",
    whatToDo: "Make room, or raise the setting that it names; the node goes on by itself then.",
  },
  limit_reached: {
    area: "limits",
    severity: "critical",
    meaning: "A limit on what this node may use is reached, and puts are refused.",
    whatToDo: "Delete what is not needed, or raise the setting that it names; puts are taken again by themselves then.",
  },
  port_held: {
    area: "ports",
    severity: "critical",
    meaning: "Another program listens on a port that this node needs.",
    whatToDo: "Stop that program, or choose another port with --port or --http-port; 0 picks a free one.",
  },
  port_forbidden: {
    area: "ports",
    severity: "critical",
    meaning: "This user may not listen on that port.",
    whatToDo: "Choose a port from 1024 on, or give the program the right to low ones.",
  },
  listen_address: {
    area: "ports",
    severity: "critical",
    meaning: "The node is to listen on an address that this machine does not have.",
    whatToDo: "Correct p2p.listen or http.host, or bring up the interface that should have it.",
  },
  not_listening: {
    area: "ports",
    severity: "critical",
    meaning: "The node runs and listens on nothing, so nobody can dial it.",
    whatToDo: "Look at its log for the reason, and start it again.",
  },
  no_address: {
    area: "addresses",
    severity: "warning",
    meaning: "This machine has no address of the families that the node uses, beside its loopback.",
    whatToDo: "Connect the machine to a network, or change p2p.family.",
  },
  behind_nat: {
    area: "addresses",
    severity: "warning",
    meaning: "A router translates addresses between this node and the internet, and nobody outside can dial it.",
    whatToDo:
      "Forward the TCP port in the router and name the outer address with p2p.announce; p2p-sync netcheck tells more.",
  },
  mdns_blocked: {
    area: "discovery",
    severity: "warning",
    meaning: "What mDNS sends does not come back even to this machine, so it drops multicast on UDP port 5353.",
    whatToDo: "Let UDP port 5353 to 224.0.0.251 and ff02::fb through the packet filter, or name peers with --dial.",
  },
  other_network: {
    area: "discovery",
    severity: "warning",
    meaning: "Nodes of other networks are on this LAN, and none of this one is linked.",
    whatToDo: "Start those that belong together with the same --network.",
  },
  mdns_failed: {
    area: "discovery",
    severity: "warning",
    meaning: "mDNS could not be started on an interface, or cannot send there.",
    whatToDo: "Correct what it names, or name peers with --dial and turn mDNS off with --no-mdns.",
  },
  peer_name_unknown: peer(
    "No name server knows the name in that address.",
    "Correct the name, or dial by its IP address.",
  ),
  peer_refused: peer(
    "The machine is there, and nobody listens on that port.",
    "Start the node there, or correct the port.",
  ),
  peer_unreachable: peer(
    "No way leads to that address.",
    "Check the address, the cable, the route and the address family.",
  ),
  peer_silent: peer(
    "No answer came from that address: the machine is off, or a firewall drops the port.",
    "Check that it is up, and let its port through the firewalls between.",
  ),
  peer_not_libp2p: peer(
    "What answers there is no node of this program.",
    "Correct the port, or stop what listens there.",
  ),
  peer_handshake: peer(
    "The encrypted handshake failed: something between changes the bytes, or another program answers.",
    "Look for a proxy between, and whether both sides share one of --encrypters.",
  ),
  peer_wrong_id: peer(
    "Another node lives at that address than the one it names.",
    "Take the peer id off the address, or correct it.",
  ),
  peer_address_invalid: peer(
    "This node cannot dial an address of that form or family.",
    "Correct it, or change --family.",
  ),
  peer_is_self: peer("This node itself answers at that address.", "Take that address off those to dial."),
  peer_other_network: peer(
    "That peer belongs to another network: the topics do not match.",
    "Start one of the two with the other's --network.",
  ),
  peer_other_version: peer("That peer speaks another version of the protocol.", "Run the same version on both."),
  peer_clock: peer("The two clocks are too far apart.", "Set both clocks, best by NTP."),
  peer_no_hello: peer(
    "That peer connected and never introduced itself.",
    "It is another libp2p program, or hangs: look at it.",
  ),
  peer_full: peer("One of the two has no free place for peers.", "Raise peers.max_links on the one that is full."),
  peer_banned: peer("A ban keeps the two apart.", "p2p-sync why tells whose ban it is; p2p-sync peer unban lifts one."),
  peer_violation: peer(
    "That peer sent what no correct node sends: too large, malformed, or wrongly signed.",
    "Look at its log and its version.",
  ),
  peer_unstable: peer(
    "Links to that peer break again and again.",
    "Look at the cable, the wireless and the router between; p2p-sync peers --closed shows the pattern.",
  ),
  peer_lost: peer(
    "The link to that peer ended, and it could not be dialed again yet.",
    "p2p-sync why tells what was tried; it is dialed again by itself.",
  ),
  peer_stopped: peer("That peer said goodbye: it was stopped.", "Start it again when it is wanted."),
  clock_wrong: {
    area: "clock",
    severity: "critical",
    meaning: "This clock is so far from the peers' median that writes are refused.",
    whatToDo: "Set the clock, best by NTP, then run p2p-sync clock repair.",
  },
  clock_off: {
    area: "clock",
    severity: "warning",
    meaning: "This clock is seconds away from the peers' median.",
    whatToDo: "Set the clock, best by NTP, before writes are refused.",
  },
  open_files: {
    area: "open files",
    severity: "warning",
    meaning: "The limit of open files is too low for the links this node may have.",
    whatToDo: "Raise it with ulimit -n, or in the unit that starts the node (LimitNOFILE).",
  },
} as const satisfies Readonly<Record<string, CauseDefinition>>;

/** The code of a cause; docs/DOCTOR.md has what each means. */
export type DoctorCause = keyof typeof doctorCauses;

/** What `why` says of a configured peer, as a cause; what is missing here is no trouble. */
export const causeOfWhy: Readonly<Record<string, DoctorCause>> = {
  nameUnknown: "peer_name_unknown",
  refused: "peer_refused",
  unreachable: "peer_unreachable",
  relayRefused: "peer_unreachable",
  timeout: "peer_silent",
  stale: "peer_silent",
  suspected: "peer_silent",
  unreachableDirectly: "peer_unstable",
  wrongPeer: "peer_wrong_id",
  encryption: "peer_handshake",
  protocol: "peer_not_libp2p",
  addressInvalid: "peer_address_invalid",
  self: "peer_is_self",
  wrongNetwork: "peer_other_network",
  wrongVersion: "peer_other_version",
  clock: "peer_clock",
  noHello: "peer_no_hello",
  full: "peer_full",
  banned: "peer_banned",
  protocolViolation: "peer_violation",
  flapping: "peer_unstable",
  closed: "peer_lost",
  left: "peer_lost",
  shuttingDown: "peer_stopped",
};

function peer(meaning: string, whatToDo: string): CauseDefinition {
  return { area: "peers", severity: "warning", meaning, whatToDo };
}
