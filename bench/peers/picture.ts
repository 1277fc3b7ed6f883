/**
 * The comparison as an SVG: per figure a bar per system on a logarithmic scale, since the systems lie
 * up to a thousandfold apart. Every bar begins at a tenth of the smallest value of its figure.
 */
import { type Row, byFigure } from "./compare.ts";
import { amount, times } from "./table.ts";

const width = 860;
const left = 150;
const barMax = 330;
const rowHeight = 18;
const headHeight = 26;
const gap = 12;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .head { font-weight: 600 }
  .bar { fill: #8c959f }
  .own { fill: #1a7f64 }
  .short { fill: #b35900 }
  @media (prefers-color-scheme: dark) { text { fill: #d1d7e0 } .own { fill: #3fb68b } .short { fill: #e08e45 } }`;

export function picture(rows: readonly Row[]): string {
  const parts: string[] = [];
  let y = gap;
  for (const [heading, own] of byFigure(rows)) {
    parts.push(`<text class="head" x="0" y="${y + 14}">${escaped(heading)}, ${own[0]?.better} is better</text>`);
    y += headHeight;
    const least = Math.min(...own.map(({ value }) => value)) / 10;
    const most = Math.max(...own.map(({ value }) => value));
    for (const row of own) {
      parts.push(line(row, y, Math.log(row.value / least) / Math.log(most / least)));
      y += rowHeight;
    }
    y += gap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img">`,
    `<title>This project beside other systems, logarithmic bars</title>`,
    `<style>${style}\n</style>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function line(row: Row, y: number, share: number): string {
  const length = Math.max(1, Math.round(share * barMax));
  const kind = row.ratio === undefined ? "own" : "bar";
  const bound = row.unfinished === undefined ? "" : "≥ ";
  const ratio = row.ratio === undefined ? "" : ` · ours ${bound}${times(row.ratio)} × as good`;
  const verdict = row.verdict === "short" ? ` · short of ${times(row.target ?? 0)} ×` : "";
  return [
    `<text x="0" y="${y + 13}">${escaped(row.title)}</text>`,
    `<rect class="${kind}" x="${left}" y="${y + 3}" width="${length}" height="${rowHeight - 6}" rx="2"/>`,
    `<text x="${left + length + 6}" y="${y + 13}">${escaped(amount(row.value, row.unit) + ratio)}<tspan class="short">${escaped(verdict)}</tspan></text>`,
  ].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
