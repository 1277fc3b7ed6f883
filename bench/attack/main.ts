/**
 * `npm run attack:flood [-- --seconds N --only KIND --attackers 1|50 --cpu-prof DIR --json]`
 *
 * Floods a node that works for honest peers, one kind of flood after the other, first from one
 * attacker and then from 50 on 10 addresses, and compares it with the same attackers on a sink.
 * All of it on the loopback of this machine; the attackers run at nice 19. Exit code 1 where a
 * target is missed, 2 where something could not be measured.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { Fleet } from "../fleet.ts";
import { load } from "../machine.ts";
import { hottest } from "../profile.ts";
import { kinds } from "./kinds.ts";
import { type Plan, Scene } from "./phase.ts";
import { type Finding, find, isPass, table } from "./verdict.ts";

const hottestShown = 20;

interface Wish {
  readonly plans: readonly Plan[];
  readonly json: boolean;
  readonly profileDir: string | undefined;
}

async function main(): Promise<number> {
  const wish = readWish();
  if (typeof wish === "string") {
    process.stderr.write(`${wish}\n`);
    return 2;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const before = load();
  const findings: Finding[] = [];
  for (const plan of wish.plans) {
    process.stderr.write(`${plan.kind} from ${plan.attackers} for ${plan.seconds} s\n`);
    await using fleet = new Fleet(wish.profileDir);
    const scene = await Scene.set(fleet, plan);
    const baseline = await scene.baseline();
    findings.push(find(plan, baseline, await scene.attack()));
    await scene.end();
  }
  const loads = { before, after: load() };
  if (wish.json) process.stdout.write(`${JSON.stringify({ loads, findings }, undefined, 2)}\n`);
  else process.stdout.write(`${table(findings)}\n\nload ${loads.before} before, ${loads.after} after\n`);
  if (wish.profileDir !== undefined) process.stderr.write(`${hottest(wish.profileDir, hottestShown).join("\n")}\n`);
  return findings.every(isPass) ? 0 : 1;
}

function readWish(): Wish | string {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      only: { type: "string", multiple: true },
      attackers: { type: "string" },
      json: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
    },
  });
  const { seconds, only, attackers, json } = values;
  const unknown = only?.find((name) => !kinds.some((kind) => kind.name === name));
  if (unknown !== undefined)
    return `there is no attack "${unknown}"; there are ${kinds.map(({ name }) => name).join(", ")}`;
  if (!/^[1-9]\d{0,2}$/.test(seconds)) return `--seconds is a number from 1 to 999, not ${seconds}`;
  if (attackers !== undefined && !["1", "50"].includes(attackers)) return `--attackers is 1 or 50, not ${attackers}`;
  const counts = attackers === undefined ? [1, 50] : [Number(attackers)];
  const wanted = kinds.filter(({ name }) => only === undefined || only.includes(name));
  const profileDir = values["cpu-prof"];
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  return {
    plans: wanted.flatMap(({ name }) =>
      counts.map((count) => ({ kind: name, attackers: count, seconds: Number(seconds) })),
    ),
    json,
    profileDir,
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`it could not be measured: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
}
