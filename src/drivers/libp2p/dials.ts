/** Dials under way: those that become links, and looks whether a peer answers; both together are bounded. */
import type { Millis } from "../../base/brand.ts";
import { dial, type DialInit, type DialOutcome } from "./dial.ts";
import { dialsMax } from "./limits.ts";

export class Dials {
  readonly #init: () => Omit<DialInit, "address" | "attempt" | "answerMsMax">;
  #underWay = 0;

  /** `init` is asked at each dial, since it is not known before the host is. */
  constructor(init: () => Omit<DialInit, "address" | "attempt" | "answerMsMax">) {
    this.#init = init;
  }

  async dial(address: string, attempt: number | "probe", answerMsMax?: Millis): Promise<DialOutcome> {
    if (this.#underWay >= dialsMax)
      return { type: "failed", failure: "other", detail: `more than ${dialsMax} dials at once` };
    this.#underWay += 1;
    const within = answerMsMax === undefined ? {} : { answerMsMax };
    const outcome = await dial({ ...this.#init(), address, attempt, ...within });
    this.#underWay -= 1;
    return outcome;
  }
}
