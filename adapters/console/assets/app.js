// The pages work without this script. It adds what arrives, sends forms without
// leaving the page, and keeps focus, scroll position and what was typed.
"use strict";
(() => {
  const page = document.getElementById("page");
  const by = (id) => document.getElementById(id);
  const list = by("messages") || by("topics");
  let seq = page ? Number(page.dataset.seq) : 0;

  const made = (html) => {
    const t = document.createElement("template");
    t.innerHTML = html;
    localise(t.content);
    return t.content;
  };

  // Times in the reader's own zone.
  const localise = (root) => {
    for (const t of root.querySelectorAll("time")) {
      const at = new Date(t.dateTime);
      const today = at.toDateString() === new Date().toDateString();
      t.title = at.toLocaleString();
      t.textContent = at.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
    }
  };

  const bottom = () => {
    const e = document.scrollingElement;
    return e.scrollHeight - e.scrollTop - e.clientHeight < 120;
  };
  const toBottom = () => window.scrollTo(0, document.scrollingElement.scrollHeight);
  const speak = (text) => { if (text) by("spoken").textContent = text; };

  // Where the focus was inside something that is drawn again.
  const refocus = (was, now) => {
    const held = document.activeElement;
    if (!was.contains(held)) return () => {};
    const label = held.getAttribute("aria-label") || held.textContent;
    return () => {
      const same = [...now.querySelectorAll("button, a, textarea")].find((b) => (b.getAttribute("aria-label") || b.textContent) === label);
      (same || now).focus({ preventScroll: true });
    };
  };

  // Replaces what is there under the same id, or puts it in its order.
  const place = (html, newestFirst) => {
    const root = made(html), fresh = root.firstElementChild, old = by(fresh.id);
    if (old && old.dataset.seq === fresh.dataset.seq) return; // it is there already
    const order = ["open", "micro"]; // of threads; messages have the time alone
    const after = (n) => {
      const first = order.find((o) => n.dataset[o] !== fresh.dataset[o]);
      return first !== undefined && Number(n.dataset[first]) > Number(fresh.dataset[first]);
    };
    const moves = old && newestFirst && order.some((o) => old.dataset[o] !== fresh.dataset[o]);
    const back = old ? refocus(old, fresh) : () => {};
    if (old && !moves) {
      old.replaceWith(fresh);
    } else {
      if (old) old.remove();
      const kids = [...list.children];
      list.insertBefore(fresh, (newestFirst ? kids.find((k) => !after(k)) : kids.find(after)) || null);
      if (!old) fresh.classList.add("arrived");
    }
    back();
    speak(fresh.dataset.spoken);
  };

  const arrive = (html, newestFirst) => {
    const stick = !newestFirst && bottom();
    place(html, newestFirst);
    if (stick) toBottom();
  };

  // A notice stands below the message whose button was pressed, else at the end.
  const showNotice = (content, article) => {
    let box = document.querySelector("dialog[open] .modalnotices") || by("notices");
    const beside = article && by(article.id), stick = bottom();
    if (!box || !content) return;
    for (const old of document.querySelectorAll(".notices")) old.replaceChildren();
    if (beside && box === by("notices")) {
      box = Object.assign(document.createElement("div"), { className: "notices" });
      beside.after(box);
      speak(content.textContent);
    }
    box.replaceChildren(content);
    if (stick) toBottom(); else box.scrollIntoView({ block: "nearest" });
  };
  const sayNotice = (text) => {
    showNotice(Object.assign(document.createElement("p"), { className: "notice bad", textContent: text }));
  };

  // Live news. The browser comes back by itself and names the last event it got;
  // what it cannot mend by itself is opened anew.
  let source = null, timer = 0, wait = 1000;
  const live = (text) => { by("live").hidden = !text; by("live").textContent = text; };
  const connect = () => {
    clearTimeout(timer);
    const q = new URLSearchParams({ channel: page.dataset.channel, thread: page.dataset.thread || "", after: seq });
    source = new EventSource("/events?" + q);
    const on = (name, f) => source.addEventListener(name, (e) => {
      if (e.lastEventId) seq = Math.max(seq, Number(e.lastEventId));
      f(e.data);
    });
    on("message", (html) => arrive(html, false));
    on("topic", (html) => arrive(html, true));
    on("checklist", (html) => by("checklist").replaceChildren(made(html)));
    on("progress", (html) => {
      const stick = bottom();
      by("progress").hidden = !html;
      by("progresstext").replaceChildren(made(html));
      if (stick) toBottom();
    });
    source.onopen = () => { wait = 1000; live(""); };
    source.onerror = () => {
      live("Connection lost. Trying again.");
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, wait = Math.min(2 * wait, 30000));
    };
  };
  const rest = () => { clearTimeout(timer); if (source) source.close(); };

  // Forms.
  const dialog = () => document.querySelector("dialog[open]");
  const ask = (html, { button, article }) => {
    const d = document.createElement("dialog");
    d.append(made(html));
    d.setAttribute("aria-labelledby", "modalhead");
    d.pressed = article;
    d.addEventListener("close", () => {
      d.remove();
      const card = by((article || {}).id); // it may have been drawn again
      const same = card && [...card.querySelectorAll("button")].find((b) => b.textContent === button.textContent);
      (button.isConnected ? button : same || card || by("main")).focus({ preventScroll: true });
    });
    document.body.append(d);
    d.showModal();
    const field = d.querySelector("textarea");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length); // behind a draft
  };

  const took = (form, sent, res, ok) => {
    const composer = form === by("composer");
    if (res.id && form.elements.id) form.elements.id.value = res.id;
    if (res.location) { location.assign(res.location + "#latest"); return; }
    if (res.modal) ask(res.modal, sent);
    const shown = sent.article && sent.article.isConnected && sent.article.dataset.seq === sent.seq;
    if (res.card && shown) {
      const old = sent.article.querySelector(".card"), root = made(res.card), fresh = root.firstElementChild;
      fresh.tabIndex = -1;
      const back = refocus(old, fresh);
      old.replaceWith(fresh);
      back();
    }
    if (!ok) { showNotice(res.notice && made(res.notice), sent.article); return; }
    if (form.matches(".modalform") && dialog()) dialog().close();
    if (composer) { form.reset(); form.elements.text.value = ""; toBottom(); }
    if (res.notice) showNotice(made(res.notice), sent.article);
    else if (!source || source.readyState !== EventSource.OPEN) location.reload(); // news by asking
    else if (composer) by("notices").replaceChildren();
  };

  const send = async (form, button) => {
    if (form.getAttribute("aria-busy") === "true") return;
    const article = form.closest("article") || (dialog() && dialog().pressed);
    const sent = { button, article, seq: article && article.dataset.seq };
    const body = new URLSearchParams(new FormData(form, button));
    form.setAttribute("aria-busy", "true");
    try {
      const got = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      took(form, sent, await got.json(), got.ok);
    } catch {
      sayNotice("Not sent: the console did not answer. What you wrote is still here; send it again, it counts once.");
    } finally {
      form.removeAttribute("aria-busy");
    }
  };

  // It is gone here at once, and after a reload, too.
  const dismiss = (form) => {
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } }).catch(() => {});
    form.closest(".notice").remove();
    by("text").focus();
  };

  document.addEventListener("submit", (e) => {
    if (!e.target.matches("form[data-live]")) return;
    e.preventDefault();
    send(e.target, e.submitter);
  });
  document.addEventListener("click", (e) => {
    const away = e.target.closest(".dismiss"), close = e.target.closest("[data-close]");
    if (away) { e.preventDefault(); dismiss(away.form); }
    if (close && dialog()) { e.preventDefault(); dialog().close(); }
  });
  const touch = matchMedia("(pointer: coarse)").matches; // there Enter is the only way to a new line
  document.addEventListener("keydown", (e) => {
    if (touch || e.key !== "Enter" || e.shiftKey || e.isComposing || e.target.id !== "text") return;
    e.preventDefault();
    e.target.form.requestSubmit(by("send"));
  });

  localise(document);
  if (!page || !list || "still" in page.dataset) return; // an older page of threads stays as it is
  connect();
  window.addEventListener("pagehide", rest);
  // A browser keeps few connections open at once: a hidden page gives its own back.
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(rest, 30000);
    else if (source.readyState === EventSource.CLOSED) connect();
  });
  window.addEventListener("pageshow", (e) => { if (e.persisted) connect(); });
  if (by("messages") && !location.hash) toBottom();
})();
