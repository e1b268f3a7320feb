// What the console's pages do in the browser besides being read: keys, tidy addresses, a live tail of bounded length.
// Every page works without it.
"use strict";

(() => {
  const MOST = 300; // lines of the live tail
  const SWITCH = "forgewall-single-keys";

  const remembered = () => {
    try {
      return localStorage.getItem(SWITCH) !== "off";
    } catch {
      return true; // storage is forbidden
    }
  };

  // Keys without a modifier, nowhere that takes text, and never if somebody turned them off.
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

  const move = (step) => {
    const items = [...document.querySelectorAll("[data-list] [data-item]")];
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + step, 0), items.length - 1);
    items[next].focus();
    items[next].scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (typing(target)) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (!remembered()) return;
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "j") {
      move(1);
    } else if (event.key === "k") {
      move(-1);
    } else if (event.key === "?") {
      location.assign("/help");
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
    const box = document.querySelector("[data-single-keys]");
    if (box) {
      box.checked = remembered();
      box.addEventListener("change", () => {
        try {
          localStorage.setItem(SWITCH, box.checked ? "on" : "off");
        } catch {
          // it holds for this page only
        }
      });
    }
  });

  // An address holds only what was filled in.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) {
      if (field.name && !field.value) {
        field.disabled = true;
        setTimeout(() => (field.disabled = false));
      }
    }
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const { parameters } = event.detail;
    for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
  });

  // Into the tail goes only what is meant for it; anything else, such as the page to sign in, is opened as a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr } = event.detail.requestConfig ? { elt: event.detail.requestConfig.elt, xhr: event.detail.xhr } : {};
    if (!elt || elt.id !== "poll") return;
    if (xhr.status === 200 && xhr.getResponseHeader("x-forgewall-part") === "live") return;
    event.detail.shouldSwap = false;
    if (xhr.status < 500) location.reload();
  });
  document.addEventListener("htmx:afterSwap", () => {
    const tail = document.getElementById("tail");
    while (tail && tail.children.length > MOST) tail.lastElementChild.remove();
  });
})();
