// Plays alice and bob in the Playground, and verifies each step by what their pages show and by what the world really is:
// node play.mjs CHROMIUM PLAYGROUND RELAY OUT
import { chromium } from "playwright-core";
import { post, Screen } from "./screen.mjs";

const [executablePath, playground, relay, out] = process.argv.slice(2);
const [stack, rule, good, bad] = ["payments-prod", "firewall_rule.api", "10.0.0.0/8", "0.0.0.0/0"];
let pictures = 0;

async function world(want) {
  const { source } = await (await fetch(`${relay}/world`)).json();
  if (source !== want) throw new Error(`the rule's source is ${source}, not ${want}`);
}

async function verify(what, screen, thread, step) {
  try {
    await step();
  } catch (e) {
    await screen.page.screenshot({ path: `${out}/failed.png` });
    throw new Error(`not verified: ${what}: ${e.message}`);
  }
  const name = what.replace(/[^a-z]+/gi, "-");
  await screen.picture(`${out}/${String(++pictures).padStart(2, "0")}-${name}.png`, thread);
  console.log(`verified: ${what}`);
}

// loop is from the drift to the clean scan, in the thread with these words. Whoever decides asks for their buttons first.
async function loop(room, alice, bob, words, mention) {
  const [mine, his] = [alice.thread(words), bob.thread(words)];
  await verify(`${room}: the drift is told`, alice, mine, async () => {
    await alice.shows(mine, `${stack} drifted`, rule, good, bad);
    await world(bad);
  });
  await verify(`${room}: alice asks for a fix, a card asks for approval`, alice, mine, async () => {
    await alice.say(mine, `put ${stack} back to code`, mention);
    await alice.shows(mine, `Change ${stack}?`, "Waiting, 0 of 1 approvals", "0 to add, 1 to change, 0 to replace, 0 to destroy");
    await world(bad);
  });
  await verify(`${room}: alice may not approve her own change`, alice, mine, async () => {
    await alice.press(mine, "Decide");
    await alice.shows(mine, "Refused", "may not approve");
    if ((await alice.buttons(mine, "Approve").count()) > 0) throw new Error("she is offered to approve it");
    await world(bad);
  });
  await verify(`${room}: bob is shown what he may press`, bob, his, async () => {
    await bob.press(his, "Decide");
    await bob.offers(his, "Approve");
  });
  await verify(`${room}: bob approves, exactly the plan is applied`, bob, his, async () => {
    await bob.press(his, "Approve");
    await bob.shows(his, "Applied", "Bob approved at", "applied: 0 added, 1 changed, 0 destroyed", "Done: the plan was applied");
    await world(good);
  });
  await verify(`${room}: the next scan is clean`, alice, mine, async () => {
    await alice.say(mine, `scan ${stack}`, mention);
    await alice.shows(mine, `${stack} matches its code`, "No drift");
    await world(good);
  });
}

// play goes through the channel, where the schedule's scan has told of the drift, and then through alice's own chat, where she
// asks for the scan. The demo tells of the drift once the channel is open, so that both pages are there to see it.
async function play(browser) {
  const [alice, bob] = await Promise.all(["alice", "bob"].map(async (who) => {
    const screen = new Screen(await browser.newPage({ viewport: { width: 1280, height: 1500 } }), who, relay);
    await screen.page.goto(playground, { waitUntil: "networkidle" });
    return screen;
  }));
  for (const one of [bob, alice]) await one.go("Platform - payments");
  await loop("channel", alice, bob, `${stack} drifted`, "Interlock");

  await post(`${relay}/drift`);
  for (const one of [bob, alice]) await one.go("Personal Chat");
  await alice.say(alice.thread("Interlock"), `scan ${stack}`);
  await loop("personal chat", alice, bob, "Interlock");

  const strangers = [...alice.strangers, ...bob.strangers];
  if (strangers.length > 0) throw new Error(`not verified: nothing but this machine answered: ${strangers}`);
  console.log("verified: nothing but this machine answered the pages");
}

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
  ],
});
try {
  await play(browser);
} catch (e) {
  console.error(e.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
