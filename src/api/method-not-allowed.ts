/**
 * A path that exists, asked with a method it does not have: HTTP wants status 405 and the list.
 */
import { Fault } from "../base/fault.ts";

export class MethodNotAllowed extends Fault {
  readonly allowed: readonly string[];

  constructor(method: string, path: string, allowed: readonly string[]) {
    super("invalid_argument", `${method} is not possible on ${path.slice(0, 200)}; possible: ${allowed.join(", ")}.`, {
      allowed,
    });
    this.allowed = allowed;
  }
}
