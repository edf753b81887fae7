// A screen is one person's page of the Playground. The Playground has one person, alice, and no view of one person: what a
// press is answered with replaces the card on the page where it was pressed, and on no other. So bob has a page of his own,
// and the relay puts his name on what is pressed there.
const limit = 90_000;

export class Screen {
  constructor(page, who, relay) {
    Object.assign(this, { page, who, relay, strangers: [] });
    page.on("response", (r) => {
      const { hostname, href } = new URL(r.url());
      if (hostname && hostname !== "localhost" && hostname !== "127.0.0.1") this.strangers.push(href);
    });
  }

  // go opens a conversation. A page knows what came while it was open, and nothing from before.
  async go(room) {
    await this.page.getByRole("treeitem", { name: room }).click();
  }

  // thread is the smallest part of the page that holds these words and a field to answer in: a post of the channel, or a chat.
  thread(words) {
    return this.page.locator("div", { hasText: words, has: this.page.getByRole("textbox") }).last();
  }

  async say(thread, text, mention) {
    await thread.getByRole("textbox").last().click();
    if (mention) {
      await this.page.keyboard.type("@");
      await this.page.locator("#typeahead-menu").getByText(mention).click();
      await this.page.keyboard.type(" ");
    }
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  buttons(thread, label) {
    return thread.getByRole("button", { name: label, exact: true });
  }

  // offers waits for a button and gives the last one of that name.
  async offers(thread, label) {
    const button = this.buttons(thread, label).last();
    await button.waitFor({ timeout: limit }).catch(() => {
      throw new Error(`${this.who}'s page has no button ${label}`);
    });
    return button;
  }

  async press(thread, label) {
    const button = await this.offers(thread, label);
    if (this.who !== "alice") await post(`${this.relay}/next?who=${this.who}`);
    await button.click();
  }

  // shows waits until all of these words stand in the thread.
  async shows(thread, ...words) {
    const until = Date.now() + limit;
    for (;;) {
      const text = (await thread.innerText().catch(() => "")).replace(/\s+/g, " ");
      const missing = words.filter((w) => !text.includes(w));
      if (missing.length === 0) return;
      if (Date.now() > until) throw new Error(`${this.who}'s page lacks ${JSON.stringify(missing)}: ${text}`);
      await this.page.waitForTimeout(200);
    }
  }

  // picture is what the person sees, down to the field to answer in.
  async picture(path, thread) {
    await thread.getByRole("textbox").last().scrollIntoViewIfNeeded();
    await this.page.screenshot({ path });
  }
}

export async function post(url) {
  const answer = await fetch(url, { method: "POST" });
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${await answer.text()}`);
}
