/** Which of a route's forms a client asked for. */

export function wantsJson(accept: string | undefined): boolean {
  return accept !== undefined && accept.split(",").some((part) => part.split(";")[0]?.trim() === "application/json");
}
