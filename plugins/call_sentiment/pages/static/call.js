// Plays the recording from a sentence, and lights the sentence that is being said.
(() => {
  const audio = document.querySelector("audio");
  if (!audio) return;
  const rows = [...document.querySelectorAll("tr[data-start]")];
  const list = document.querySelector(".sentences");
  const lanes = document.querySelector(".lanes");
  const drawing = document.querySelector(".drawing");
  const head = document.querySelector(".playhead");
  let current = document.querySelector("tr[aria-current]");
  let follows = true;

  function play(ms) {
    follows = true;
    audio.currentTime = ms / 1000;
    // Refused where there is nothing to play: the error below says so.
    audio.play().catch(() => {});
  }

  function light(row) {
    if (row === current) return;
    current?.removeAttribute("aria-current");
    if (current) drawing?.querySelector(`a[href="#${current.id}"]`)?.classList.remove("lit");
    current = row;
    if (!row) return;
    row.setAttribute("aria-current", "true");
    drawing?.querySelector(`a[href="#${row.id}"]`)?.classList.add("lit");
    show(row);
  }

  // Only the list scrolls, never the page: the timeline stays in view.
  function show(row) {
    if (!follows) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    const top = row.offsetTop - list.clientHeight / 3;
    list.scrollTo({ top, behavior });
  }

  function follow() {
    const now = audio.currentTime * 1000;
    light(rows.findLast((row) => Number(row.dataset.start) <= now) ?? null);
    if (!drawing) return;
    const { start, end } = drawing.dataset;
    const share = Math.min(Math.max((now - start) / (end - start), 0), 1);
    head.setAttribute("x1", `${100 * share}%`);
    head.setAttribute("x2", `${100 * share}%`);
    head.setAttribute("visibility", "visible");
    const x = share * drawing.clientWidth;
    if (follows && (x < lanes.scrollLeft || x > lanes.scrollLeft + lanes.clientWidth)) {
      lanes.scrollLeft = x - lanes.clientWidth / 4;
    }
  }

  for (const place of [list, lanes]) {
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      place?.addEventListener(type, () => { follows = false; }, { passive: true });
    }
  }
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("seeking", follow);
  audio.addEventListener("error", () => {
    audio.hidden = true;
    document.getElementById("sound-failed").hidden = false;
  });

  addEventListener("click", (event) => {
    const from = event.target.closest?.("[data-play]");
    if (!from || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (from.closest("tr")?.hasAttribute("aria-current") && !audio.paused) audio.pause();
    else play(Number(from.dataset.play));
  });

  // Up and down go from sentence to sentence.
  list?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.tagName !== "BUTTON") return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll("button")];
    buttons[buttons.indexOf(event.target) + step]?.focus();
  });

  if (current) { follows = true; show(current); }
})();
