/* Saves a form by itself 1.5 s after the last key (data-autosave-url), says when, warns on leaving unsaved.
   The answer is JSON: {"revision": n} on success (kept in the field "revision", so that a later save does not
   collide with our own) and "echo": {field: how it was understood}; {"error": sentence} else. Nothing typed is ever taken away. */

const PAUSE = 1500; // milliseconds after the last change

function clock() {
  const now = new Date();
  return `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
}

class Autosave {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-autosave-status]");
    this.changes = 0;
    this.savedUpTo = 0;
    this.sending = false;
    this.leaving = false;
    form.addEventListener("input", () => this.touched());
    form.addEventListener("change", () => this.touched());
    form.addEventListener("submit", () => this.stop());
    window.addEventListener("beforeunload", (event) => this.warn(event));
    // A page that came back from the browser's memory is alive again.
    window.addEventListener("pageshow", () => { this.leaving = false; });
  }

  touched() {
    this.changes += 1;
    this.say("waiting", this.form.dataset.unsaved);
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  stop() {
    clearTimeout(this.timer);
    this.leaving = true;
  }

  say(state, text) {
    if (!this.status) return;
    this.status.dataset.state = state;
    this.status.textContent = text;
  }

  async save() {
    if (this.leaving) return;
    if (this.sending) {
      this.wait();
      return;
    }
    const upTo = this.changes;
    this.sending = true;
    this.say("saving", this.form.dataset.saving);
    try {
      this.heard(await this.post(), upTo);
    } catch {
      this.say("failed", this.form.dataset.saveFailed);
    } finally {
      this.sending = false;
    }
  }

  async post() {
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    const answer = await fetch(this.form.dataset.autosaveUrl, {
      method: "POST",
      body: new FormData(this.form),
      headers: { Accept: "application/json", "X-CSRFToken": token },
    });
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok && !answer.redirected, told };
  }

  heard({ ok, told }, upTo) {
    if (!ok) {
      this.say("failed", told.error || this.form.dataset.saveFailed);
      return;
    }
    const revision = this.form.elements.namedItem("revision");
    if (revision && told.revision !== undefined) revision.value = told.revision;
    for (const [name, text] of Object.entries(told.echo ?? {})) this.echo(name, text);
    this.savedUpTo = upTo;
    if (this.changes === upTo) this.say("saved", this.form.dataset.saved.replace("{time}", clock()));
  }

  /* How the server understood a field, e.g. a date; beside the field, as text. */
  echo(name, text) {
    const place = this.form.querySelector(`[data-echo="${CSS.escape(name)}"]`);
    if (place) place.textContent = text;
  }

  warn(event) {
    if (this.leaving || this.savedUpTo === this.changes) return;
    event.preventDefault();
  }
}

for (const form of document.querySelectorAll("form[data-autosave-url]")) new Autosave(form);
