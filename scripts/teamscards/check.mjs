// Validates Adaptive Cards at 1.5 with the library that Teams is built on. Of the folder of goldens every card must pass; of a folder
// of broken cards, if there is one, every card must be flagged.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { hostConfig } from "./host.mjs";

globalThis.self = globalThis;
const AC = createRequire(import.meta.url)("adaptivecards/dist/adaptivecards.js");

function events(json) {
  const card = new AC.AdaptiveCard();
  card.hostConfig = new AC.HostConfig(hostConfig("light"));
  const context = new AC.SerializationContext(AC.Versions.v1_5);
  card.parse(json, context);
  const parsed = [];
  for (let i = 0; i < context.eventCount; i++) parsed.push(context.getEventAt(i).message);
  return [...parsed, ...card.validateProperties().validationEvents.map((event) => event.message), ...lax(json)];
}

// What the schema asks for and the library lets pass.
function lax(json, path = []) {
  if (json === null || typeof json !== "object") return [];
  const found = [];
  const depth = path.filter((type) => type === "Action.ShowCard").length;
  if (path.length === 0 && json.version !== "1.5") found.push(`the version is ${json.version}`);
  if (json.type === "FactSet") for (const fact of json.facts ?? []) if (!fact.title || !fact.value) found.push("a fact lacks its title or value");
  if (json.type === "Action.ShowCard" && depth > 0) found.push("a card to show is inside another one");
  const below = Array.isArray(json) ? path : [...path, json.type];
  return [...found, ...Object.values(json).flatMap((part) => lax(part, below))];
}

const [golden, broken] = process.argv.slice(2);
let wrong = 0;
let count = 0;
const each = (folder, look) => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const json = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const found = look(file, events(json.card ?? json));
    count++;
    if (found) {
      wrong++;
      console.error(`${file}: ${found}`);
    }
  }
};
each(golden, (_, found) => found.join("; "));
console.log(`${count} cards validated, ${wrong} wrong`);
if (broken) {
  each(broken, (_, found) => (found.length === 0 ? "is broken, and was not flagged" : ""));
  console.log(`with the broken ones: ${count} cards, ${wrong} not as they should be`);
}
process.exit(wrong === 0 && count > 0 ? 0 : 1);
