/**
 * A store whose disk is full whenever it is told so. SQLite meets a full disk when it appends to
 * its log, which is at the commit of a turn that wrote; the failure is thrown there, as the same
 * `disk_full` that the store on disk makes of SQLITE_FULL. Turns that only read go on.
 */
import { Fault } from "../../base/fault.ts";
import type { Store } from "../../ports/store.ts";

/** `isFull` is asked at every commit of a turn that wrote. Everything else is the store's own. */
export function createFaultyStore(store: Store, isFull: () => boolean): Store {
  let wrote = false;
  const replaced: Pick<Store, "begin" | "apply" | "commit"> = {
    begin() {
      wrote = false;
      store.begin();
    },
    apply(write) {
      wrote = true;
      store.apply(write);
    },
    commit() {
      if (wrote && isFull()) {
        throw new Fault(
          "disk_full",
          "the store could not commit: the disk is full on purpose, by this testnet; nothing of this turn was written",
          { sqlite: sqliteFull },
        );
      }
      store.commit();
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (name in replaced) return replaced[name as keyof typeof replaced];
      const own: unknown = Reflect.get(target, name);
      return typeof own === "function" ? (own.bind(target) as unknown) : own;
    },
  });
}

/** Source: https://sqlite.org/rescode.html#full */
const sqliteFull = 13;
