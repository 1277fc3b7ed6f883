import { expect, test } from "vitest";
import { errorsPage, metricsPage } from "./docs.ts";

test("an error's row has its code, words, status and exit code", () => {
  const page = errorsPage({ no_node: { meaning: "Nobody | answered.", whatToDo: "Start one.", http: 500, exit: 3 } });
  expect(page).toContain("| `no_node` | Nobody \\| answered. | Start one. | 500 | 3 |\n");
});

test("a metric's row has its name, type, labels and meaning", () => {
  const page = metricsPage("p2p_sync_", {
    links: { kind: "gauge", help: "Links now.", labels: ["direction", "state"] },
  });
  expect(page).toContain("| `p2p_sync_links` | gauge | `direction`, `state` | Links now. |\n");
});
