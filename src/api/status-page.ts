/**
 * The page at `/`: no script, no token, nothing loaded. It says what runs here and where to go on.
 */
export const statusPageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

export function statusPage(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>P2P Sync</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
  code { font-family: ui-monospace, monospace; background: #eee; padding: 0 .25em; border-radius: 3px }
  a { color: #0550ae }
  @media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616 } code { background: #2a2a2a } a { color: #79b8ff } }
</style>
</head>
<body>
<h1>P2P Sync ${escapeHtml(version)}</h1>
<p>A node is running here. Open to everybody on this machine:</p>
<ul>
<li><a href="/health">/health</a>: whether it is fit for work</li>
<li><a href="/livez">/livez</a>: whether it answers</li>
<li><a href="/metrics">/metrics</a>: figures for Prometheus</li>
</ul>
<p>The API is under <code>/v1/</code> and needs the token from <code>api-token</code> in the node's data folder, as <code>Authorization: Bearer …</code>.
<code>GET /v1/openapi.json</code> describes it.</p>
<p>In a terminal, <code>p2p-sync status</code>, <code>p2p-sync peers</code> and <code>p2p-sync --help</code> do the same.</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
