/* One file on its way, as the raw body of one request with its name in a header:
   waiting -> sending -> done, failed or cancelled. */

const UNITS = ["B", "KB", "MB", "GB"];

export function inWords(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

/* A name with half a character in it (a lone surrogate) cannot be sent; the half becomes U+FFFD. */
function inWhole(name) {
  return new TextDecoder().decode(new TextEncoder().encode(name));
}

function made(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

export class UploadRow {
  constructor(upload, file) {
    this.upload = upload;
    this.words = upload.words;
    this.file = file;
    this.state = "waiting";
    this.element = made("li");
    const name = made("span", "jg-upload-name", file.name);
    name.append(made("span", "jg-upload-size", inWords(file.size)));
    this.bar = made("progress");
    this.bar.max = 100;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.say = made("span", "jg-upload-say");
    this.end = made("span", "jg-upload-end");
    this.element.append(name, this.say, this.bar, this.end);
  }

  /* Refuse at once what can never succeed; a sent refusal would only cost time. */
  admit(folder) {
    const limit = Number(this.words.maxBytes);
    if (folder) this.show("refused", this.words.sayFolder);
    else if (limit > 0 && this.file.size > limit) {
      this.show("refused", this.words.sayLarge.replace("{limit}", inWords(limit)));
    } else this.show("waiting", this.words.sayWaiting);
  }

  show(state, text) {
    // "refused" looks like "failed" but offers no retry.
    this.state = state === "refused" ? "failed" : state;
    this.element.dataset.state = this.state;
    this.say.textContent = text;
    this.bar.hidden = this.state !== "sending";
    this.end.replaceChildren();
    if (state === "sending") this.offer(this.words.sayCancel, () => this.request?.abort());
    if (state === "failed" || state === "cancelled") this.offer(this.words.sayRetry, () => this.again());
    if (["waiting", "failed", "refused", "cancelled"].includes(state)) {
      this.offer(this.words.sayRemove, () => this.upload.forget(this));
    }
  }

  offer(text, act) {
    const button = made("button", "btn btn-secondary btn-sm", text);
    button.type = "button";
    button.setAttribute("aria-label", `${text} ${this.file.name}`);
    button.addEventListener("click", act);
    this.end.append(button);
  }

  again() {
    this.show("waiting", this.words.sayWaiting);
    this.upload.work();
  }

  /* Resolves when the request is over, however it ended. */
  send() {
    this.show("sending", this.words.saySending);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.upload.addEventListener("progress", (event) => this.moved(event));
      request.addEventListener("load", () => this.answered(request));
      request.addEventListener("error", () => this.show("failed", this.words.sayNetwork));
      request.addEventListener("abort", () => this.show("cancelled", this.words.sayCancelled));
      request.addEventListener("loadend", resolve);
      request.open("POST", this.words.uploadUrl);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("X-File-Name", encodeURIComponent(inWhole(this.file.name)));
      request.send(this.file);
    });
  }

  moved(event) {
    if (!event.lengthComputable) return;
    const percent = Math.floor((event.loaded / event.total) * 100);
    this.bar.value = percent;
    this.say.textContent = percent < 100 ? `${this.words.saySending} ${percent}%` : this.words.sayStoring;
  }

  answered(request) {
    let told = {};
    try {
      told = JSON.parse(request.responseText);
    } catch {
      // A proxy may answer with a page of its own; the status still tells.
    }
    if (request.status >= 200 && request.status < 300 && !told.error && Object.keys(told).length > 0) {
      this.upload.remember(told);
      this.show("done", this.file.size === 0 ? this.words.sayEmpty : this.words.sayDone);
    } else {
      this.show("failed", told.error || this.words.sayServer);
    }
  }
}
