/** Our own stream protocols on a link. Each side opens one stream per protocol and only writes to it. */
export const linkProtocols = ["admit", "ack", "frontier", "walk", "peers"] as const;

export type LinkProtocol = (typeof linkProtocols)[number];
