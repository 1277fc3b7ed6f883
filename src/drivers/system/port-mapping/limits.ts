/** Limits of asking a router to forward a port. */
import type { Millis } from "../../../base/brand.ts";

/** How long a router is asked to keep a mapping, in s; it is asked again at half of it. Source: RFC 6886 section 3.3 recommends 7,200; half of it is gone sooner after a crash. */
export const leaseSeconds = 3_600;
/** Shortest lease that is believed, in s. Guess: of a router that grants less we ask no more often. */
export const leaseSecondsMin = 120;
/** Waits for the answers to the same question by NAT-PMP, one after the other. Source: RFC 6886 section 3.1 begins so; it would go on to 64 s. */
export const natPmpWaitsMs: readonly Millis[] = [250, 500, 1_000];
/** Time in which routers answer a search by SSDP. Source: UPnP Device Architecture 2.0 section 1.3.3, MX of 1 and the way there and back. */
export const ssdpMsMax: Millis = 2_000;
/** Answers to one search that are looked at. Guess: a router has a few services. */
export const ssdpAnswersMax = 16;
/** Time for one question to a router over HTTP. Guess: they are slow. */
export const routerAnswerMsMax: Millis = 3_000;
/** Bytes of one answer of a router. Guess: a description has 5 KiB. */
export const routerAnswerBytesMax: number = 64 * 1024;
/** Outer ports tried where one is taken. Guess. */
export const outerPortsTried = 4;
/** Time before a router that did not map is asked again. Guess: somebody may have switched it on. */
export const mapAgainMs: Millis = 600_000;
/** Time for a mapping to be taken back when the node stops. Source: a stop takes 5 s at most. */
export const unmapMsMax: Millis = 1_500;
