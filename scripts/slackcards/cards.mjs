// Writes what a picture and a type check need of the golden cards: pages of a few
// cards each, and one TypeScript file that holds them all.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { createElement as h } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const [golden, out, ...names] = process.argv.slice(2);
const perPage = 3;
const logo = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";
const css = readFileSync(join(createRequire(import.meta.url).resolve("slack-blocks-to-jsx"), "../style.css"), "utf8");
const cards = readdirSync(golden)
  .map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(golden, file), "utf8"))])
  .filter(([name]) => names.length === 0 || names.includes(name));

// Slack formats a verbatim text all the same and only looks for no names and addresses in it; the renderer does not format it.
const formatted = (node) => without(node, "verbatim");

function without(node, name) {
  if (Array.isArray(node)) return node.map((one) => without(one, name));
  if (node === null || typeof node !== "object") return node;
  return Object.fromEntries(Object.entries(node).filter(([key]) => key !== name).map(([key, value]) => [key, without(value, name)]));
}

// A picture shows a modal as its title, its blocks and its buttons.
function drawn([name, card], theme) {
  const message = h(Message, {
    blocks: formatted(card.blocks), logo, name: card.title?.text ?? "Interlock", theme, time: new Date("2026-11-24T12:00:00Z"),
  });
  return h("section", { key: name }, h("p", { className: "name" }, name), message, card.submit && h("p", null, `[${card.submit.text}]`));
}

function page(some, theme) {
  const [ink, paper] = theme === "dark" ? ["#d1d2d3", "#1a1d21"] : ["#1d1c1d", "#ffffff"];
  const style = `${css} body{margin:8px;background:${paper};color:${ink};font-family:Lato,"DejaVu Sans",sans-serif}.name{font-size:11px;opacity:.6;margin:12px 0 0}`;
  const body = h("body", null, ...some.map((card) => drawn(card, theme)));
  return "<!doctype html>" + renderToStaticMarkup(h("html", null, h("head", null, h("style", { dangerouslySetInnerHTML: { __html: style } })), body));
}

mkdirSync(out, { recursive: true });
for (let i = 0; i < cards.length; i += perPage)
  for (const theme of ["light", "dark"])
    writeFileSync(join(out, `${String(i / perPage).padStart(2, "0")}-${theme}.html`), page(cards.slice(i, i + perPage), theme));

// The offset of a list is in Slack's documents, and not yet in its types.
const typeOf = (card) => ({ modal: "ModalView", home: "HomeView" })[card.type] ?? "{ text: string; blocks: KnownBlock[] }";
const checks = cards.map(([name, card], i) => `// ${name}\nexport const card${i}: ${typeOf(card)} = ${JSON.stringify(without(card, "offset"))};\n`);
writeFileSync(join(out, "cards.ts"), `import type { HomeView, KnownBlock, ModalView } from "@slack/types";\n${checks.join("")}`);
