/** Values that a schema of the API accepts more often than not, drawn from a seed. */
import { z } from "zod";
import type { Prng } from "../../src/base/prng.ts";

export interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
}

/** Text is the caller's: what a key, a peer or an address looks like stands in no schema. */
export type AnyText = (prng: Prng) => string;

export function shapeOf(schema: z.ZodType): Shape {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape;
}

export function anyOfShape(shape: Shape, prng: Prng, anyText: AnyText): unknown {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined) return anyOfShape(prng.pick(choices), prng, anyText);
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return prng.pick(shape.enum);
  switch (shape.type) {
    case "object":
      return anyObject(shape, prng, anyText);
    case "array":
      return Array.from({ length: prng.below(4) }, () => anyOfShape(shape.items ?? {}, prng, anyText));
    case "boolean":
      return prng.chance(0.5);
    case "number":
    case "integer":
      return prng.pick([0, 1, 2, 5, 50, 1_000, -1, 0.5, 2 ** 32]);
    default:
      return anyText(prng);
  }
}

function anyObject({ properties = {}, required = [] }: Shape, prng: Prng, anyText: AnyText): unknown {
  const given = Object.entries(properties).filter(([name]) => prng.chance(required.includes(name) ? 0.95 : 0.4));
  return Object.fromEntries(given.map(([name, field]) => [name, anyOfShape(field, prng, anyText)]));
}
