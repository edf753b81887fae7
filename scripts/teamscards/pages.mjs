// Writes pages that draw the golden cards, a few on each, in light and dark.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hostConfig, tone } from "./host.mjs";

const [golden, out, ...names] = process.argv.slice(2);
const perPage = 3;
const cards = readdirSync(golden)
  .filter((file) => file.endsWith(".json"))
  .map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(golden, file), "utf8"))])
  .filter(([name]) => names.length === 0 || names.includes(name));

const inScript = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

function page(some, theme) {
  const t = tone(theme);
  const buttons = `.ac-pushButton{font:600 14px "Segoe UI","DejaVu Sans",sans-serif;padding:5px 12px;border-radius:4px;border:1px solid ${t.faint};background:${t.paper};color:${t.ink};min-height:32px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}` +
    `.style-positive{background:#5b5fc7;color:#fff;border-color:#5b5fc7}.style-destructive{border-color:${t.attention[1]};color:${t.attention[1]}}`;
  const inputs = `input,textarea{width:100%;box-sizing:border-box;background:${t.emphasis};color:${t.ink};border:1px solid ${t.faint};padding:6px;font:14px sans-serif}`;
  return `<!doctype html><meta charset="utf-8"><style>body{margin:8px;background:${t.behind};color:${t.ink};font-family:"DejaVu Sans",sans-serif}` +
    `.name{font-size:11px;opacity:.7;margin:14px 0 2px}.card{background:${t.paper};border:1px solid ${t.faint}55;border-radius:6px;overflow:hidden}p{margin:0}${buttons}${inputs}</style>` +
    `<script src="node_modules/adaptivecards/dist/adaptivecards.js"></script><script src="node_modules/markdown-it/dist/markdown-it.js"></script><script>
const cards = ${inScript(some)}, host = ${inScript(hostConfig(theme))}, md = window.markdownit({ linkify: true });
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => { result.outputHtml = md.render(text); result.didProcess = true; };
addEventListener("load", () => {
  for (const [name, { card }] of cards) {
    const drawn = new AdaptiveCards.AdaptiveCard();
    drawn.hostConfig = new AdaptiveCards.HostConfig(host);
    drawn.parse(card, new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_5));
    const title = document.createElement("div"), box = document.createElement("div");
    title.className = "name"; title.textContent = name; box.className = "card";
    box.append(drawn.render()); document.body.append(title, box);
  }
});
</script>`;
}

mkdirSync(out, { recursive: true });
for (let i = 0; i < cards.length; i += perPage)
  for (const theme of ["light", "dark"])
    writeFileSync(join(out, `${String(i / perPage).padStart(2, "0")}-${theme}.html`), page(cards.slice(i, i + perPage), theme));
