import { expect, test } from "vitest";
import { rulesIn } from "./firewall-look.ts";

const ruleset = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		udp dport 5353 accept
		tcp dport { 22, 4001 } drop
		udp dport 5353 counter packets 3 bytes 210 reject
		tcp dport 40010 drop
	}
}
table ip nat {
	chain out {
		udp dport 53530 drop
	}
}`;

test("rules that drop a wanted port are found with their place, alone or in a set, and a policy that drops the rest", () => {
  expect(rulesIn(ruleset, [4001, 5353])).toEqual([
    { place: "inet filter input", rule: "type filter hook input priority filter; policy drop;", port: undefined },
    { place: "inet filter input", rule: "tcp dport { 22, 4001 } drop", port: 4001 },
    { place: "inet filter input", rule: "udp dport 5353 counter packets 3 bytes 210 reject", port: 5353 },
  ]);
});

test("a rule set without any says nothing", () => {
  expect(rulesIn("", [4001])).toEqual([]);
  expect(rulesIn(ruleset.replace("policy drop", "policy accept"), [9])).toEqual([]);
});
