/**
 * UPnP Internet Gateway Device: a search by multicast, a description in XML, and orders by SOAP.
 *
 * Anybody on the local network can answer a search, and would like to be asked to fetch something from anywhere. So
 * only the router of the default route is listened to, and only it is asked.
 *
 * Source: UPnP Device Architecture 2.0; WANIPConnection:2 Service (Open Connectivity Foundation).
 */
import { createSocket } from "node:dgram";
import { request } from "node:http";
import type { Gateway } from "./gateway.ts";
import { routerAnswerBytesMax, routerAnswerMsMax, ssdpAnswersMax, ssdpMsMax } from "./limits.ts";
import { MappingRefused, type MapPort } from "./mapping.ts";

const multicast = { address: "239.255.255.250", port: 1900 } as const;
const searched = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
const serviceTypes = /^urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12]$/;

/** Where orders go. */
export interface Control {
  readonly url: URL;
  readonly serviceType: string;
}

interface Orders extends Control {
  /** Ends a question that waits for its answer. */
  readonly signal: AbortSignal;
}

/** Maps, or renews; with a lease of 0 s takes back. */
export const mapByUpnp: MapPort = async (gateway, wish, signal) => {
  const control = { ...(await findControl(gateway, signal)), signal };
  const { innerPort, outerPort, seconds } = wish;
  const which = { NewRemoteHost: "", NewExternalPort: outerPort, NewProtocol: "TCP" };
  if (seconds === 0) {
    await order(control, "DeletePortMapping", which);
    return { outerAddress: "", outerPort: 0, seconds: 0 };
  }
  const what = { NewInternalPort: innerPort, NewInternalClient: gateway.own, NewEnabled: 1 };
  const mapping = { ...which, ...what, NewPortMappingDescription: "p2p-sync" };
  const granted = await addMapping(control, mapping, seconds);
  const outer = await order(control, "GetExternalIPAddress", {});
  return { outerAddress: elementIn(outer, "NewExternalIPAddress") ?? "", outerPort, seconds: granted };
};

/** Some routers know mappings without an end only. Resolves with the lease. */
async function addMapping(
  control: Orders,
  mapping: Readonly<Record<string, string | number>>,
  seconds: number,
): Promise<number> {
  try {
    await order(control, "AddPortMapping", { ...mapping, NewLeaseDuration: seconds });
    return seconds;
  } catch (cause) {
    if (!(cause instanceof SoapFault) || cause.code !== onlyPermanent) throw cause;
    await order(control, "AddPortMapping", { ...mapping, NewLeaseDuration: 0 });
    return 0;
  }
}

const onlyPermanent = 725;
/** Error codes of WANIPConnection, section 2.5. */
const soapFaults: Readonly<Record<number, string>> = {
  501: "the router failed",
  606: "the router does not allow it",
  718: "the outer port is taken",
  725: "the router knows mappings without an end only",
  729: "the outer port is taken",
};

class SoapFault extends MappingRefused {
  readonly code: number;

  constructor(code: number) {
    super(`UPnP: ${soapFaults[code] ?? `the router answered with error ${code}`}`, code === 718 || code === 729);
    this.code = code;
  }
}

async function findControl(gateway: Gateway, signal: AbortSignal): Promise<Control> {
  for (const location of await search(gateway, signal)) {
    const control = controlIn(
      await ask(location, { method: "GET", headers: {}, body: "" }, signal),
      location,
      gateway.address,
    );
    if (control !== undefined) return control;
  }
  throw new MappingRefused("UPnP: the router does not speak it");
}

/** Where the router says that its description is. */
async function search({ address, own }: Gateway, signal: AbortSignal): Promise<readonly URL[]> {
  const socket = createSocket("udp4");
  const found = new Map<string, URL>();
  const { promise, resolve } = Promise.withResolvers<void>();
  let answers = 0;
  socket.on("message", (message, from) => {
    if (from.address !== address || ++answers > ssdpAnswersMax) return;
    const location = locationIn(message.toString("latin1"), address);
    if (location !== undefined) found.set(location.href, location);
    if (location !== undefined) resolve();
  });
  socket.on("error", () => resolve());
  const ending = AbortSignal.any([signal, AbortSignal.timeout(ssdpMsMax)]);
  ending.addEventListener("abort", () => resolve());
  if (ending.aborted) resolve();
  try {
    await new Promise<void>((bound) => socket.bind(0, own, bound));
    socket.send(searchFor(searched), multicast.port, multicast.address);
    socket.send(searchFor(searched), multicast.port, address); // some answer when they are asked alone
    await promise;
    return [...found.values()];
  } finally {
    socket.close();
  }
}

function searchFor(target: string): string {
  const { address, port } = multicast;
  const lines = ["M-SEARCH * HTTP/1.1", `HOST: ${address}:${port}`, 'MAN: "ssdp:discover"', "MX: 1", `ST: ${target}`];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The address of the description in an answer to a search, if it is at the router itself. */
export function locationIn(answer: string, router: string): URL | undefined {
  const text = /^location:[ \t]*(\S+)[ \t]*\r?$/im.exec(answer)?.[1];
  return text === undefined ? undefined : urlAt(text, undefined, router);
}

/** The service in a description that maps ports. */
export function controlIn(description: string, base: URL, router: string): Control | undefined {
  for (const rest of description.split("<service>").slice(1)) {
    const end = rest.indexOf("</service>");
    if (end < 0) continue;
    const service = rest.slice(0, end);
    const [serviceType, path] = [elementIn(service, "serviceType"), elementIn(service, "controlURL")];
    const url = path === undefined ? undefined : urlAt(path, base, router);
    if (serviceType !== undefined && serviceTypes.test(serviceType) && url !== undefined) return { url, serviceType };
  }
  return undefined;
}

/** Only the router is asked, and only over plain HTTP, which is all that these routers speak. */
function urlAt(text: string, base: URL | undefined, router: string): URL | undefined {
  const url = URL.parse(text, base?.href);
  return url !== null && url.protocol === "http:" && url.hostname === router ? url : undefined;
}

async function order(
  { url, serviceType, signal }: Orders,
  action: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<string> {
  const fields = Object.entries(parameters).map(([name, value]) => `<${name}>${value}</${name}>`);
  const call = `<u:${action} xmlns:u="${serviceType}">${fields.join("")}</u:${action}>`;
  const envelope =
    'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"';
  const body = `<?xml version="1.0"?>\r\n<s:Envelope ${envelope}><s:Body>${call}</s:Body></s:Envelope>\r\n`;
  const headers = { "content-type": 'text/xml; charset="utf-8"', soapaction: `"${serviceType}#${action}"` };
  return await ask(url, { method: "POST", headers, body }, signal);
}

interface HttpQuestion {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The body of the answer. Throws the fault that it names. */
async function ask(url: URL, { method, headers, body }: HttpQuestion, stop: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(routerAnswerMsMax)]);
  try {
    return await new Promise<string>((resolve, reject) => {
      const asking = request(url, {
        method,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        signal,
        agent: false,
      });
      asking.once("error", reject);
      asking.once("response", (answer) => {
        let text = "";
        answer.setEncoding("latin1");
        answer.on("data", (part: string) => {
          text += part;
          if (text.length > routerAnswerBytesMax) answer.destroy(new Error("its answer is too long"));
        });
        answer.once("error", reject);
        answer.once("end", () =>
          answer.statusCode === 200 ? resolve(text) : reject(faultIn(text, answer.statusCode)),
        );
      });
      asking.end(body);
    });
  } catch (cause) {
    if (cause instanceof MappingRefused) throw cause;
    throw new MappingRefused(
      `UPnP: the router did not answer as it should: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function faultIn(answer: string, status: number | undefined): Error {
  const code = Number(elementIn(answer, "errorCode"));
  return Number.isInteger(code) && code > 0 ? new SoapFault(code) : new Error(`HTTP status ${status ?? 0}`);
}

function elementIn(xml: string, name: string): string | undefined {
  // No part of the pattern can take what the next may take: else a few KiB of spaces hold the thread for minutes.
  return new RegExp(`<(?:\\w+:)?${name}(?: [^<>]*)?>([^<]*)</`).exec(xml)?.[1]?.trim();
}
