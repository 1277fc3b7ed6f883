/**
 * Finds the route for a method and a raw path. Paths are compared as they were sent, never
 * normalised, because a key may be any text: `a/../b` is a key like any other.
 */
import { Fault } from "../base/fault.ts";
import { MethodNotAllowed } from "./method-not-allowed.ts";
import type { Method, Route } from "./route.ts";

export interface Match {
  readonly route: Route;
  /** Still percent-encoded. */
  readonly parameter: string;
}

export interface Router {
  /** Throws `not_found` or `MethodNotAllowed`. */
  find(method: string, path: string): Match;
}

type Methods = Map<Method, Route>;

interface Branch {
  readonly prefix: string;
  readonly wholeRest: boolean;
  readonly methods: Methods;
}

export function createRouter(routes: readonly Route[]): Router {
  const exact = new Map<string, Methods>();
  const branches: Branch[] = [];
  for (const route of routes) methodsFor(route.path, exact, branches).set(route.method, route);
  return {
    find(method, path) {
      const plain = exact.get(path);
      if (plain !== undefined) return { route: choose(plain, method, path), parameter: "" };
      for (const branch of branches) {
        if (!path.startsWith(branch.prefix)) continue;
        const parameter = path.slice(branch.prefix.length);
        if (branch.wholeRest || (parameter !== "" && !parameter.includes("/")))
          return { route: choose(branch.methods, method, path), parameter };
      }
      throw new Fault(
        "not_found",
        `There is no route ${JSON.stringify(path.slice(0, 200))}; GET /v1/openapi.json lists all.`,
      );
    },
  };
}

function methodsFor(path: string, exact: Map<string, Methods>, branches: Branch[]): Methods {
  const brace = path.indexOf("{");
  if (brace < 0) {
    const methods = exact.get(path) ?? new Map<Method, Route>();
    exact.set(path, methods);
    return methods;
  }
  const prefix = path.slice(0, brace);
  const known = branches.find((branch) => branch.prefix === prefix);
  if (known !== undefined) return known.methods;
  const branch: Branch = { prefix, wholeRest: path.slice(brace) === "{key}", methods: new Map() };
  branches.push(branch);
  return branch.methods;
}

/** HEAD is served as GET; the writer leaves the body out. */
function choose(methods: Methods, method: string, path: string): Route {
  const route = methods.get((method === "HEAD" ? "GET" : method) as Method);
  if (route !== undefined) return route;
  const allowed = [...methods.keys(), ...(methods.has("GET") ? ["HEAD"] : [])];
  throw new MethodNotAllowed(method, path, allowed);
}
