"use strict";
// Search, filter and sort the rows that are already in the page. Without this script all of them are shown.
(function () {
  const form = document.querySelector(".filters");
  const query = document.getElementById("query");
  const group = document.getElementById("group");
  const grade = document.getElementById("grade");
  const open = document.getElementById("open");
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const body = document.querySelector(".units tbody");
  const rows = Array.from(body.rows);
  const caption = document.querySelector(".units caption");
  const collator = new Intl.Collator("zh-CN-u-co-pinyin", { numeric: true });
  let sorted = null;

  function words() {
    return query.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  }

  function matches(row, wanted) {
    const data = row.dataset;
    return wanted.every((word) => data.search.includes(word))
      && (!group.value || data.group === group.value)
      && (!grade.value || data.grade === grade.value)
      && (!open.checked || data.open !== "0");
  }

  function filter() {
    const wanted = words();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !matches(row, wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown === rows.length ? `共 ${rows.length} 个单位` : `找到 ${shown} 个单位，共 ${rows.length} 个`;
    none.hidden = shown > 0;
    remember();
  }

  // Numbers sort as numbers, names by pinyin; what has no value comes last either way.
  const numbers = new Set(["place", "score", "inGroup", "overall", "open"]);
  function compare(key, direction) {
    return (one, other) => {
      const a = one.dataset[key], b = other.dataset[key];
      if (numbers.has(key)) {
        const x = /^-?\d+$/.test(a) ? Number(a) : null, y = /^-?\d+$/.test(b) ? Number(b) : null;
        if (x === null || y === null) return (x === null) - (y === null) || one.dataset.place - other.dataset.place;
        return direction * (x - y) || one.dataset.place - other.dataset.place;
      }
      return direction * collator.compare(a, b) || one.dataset.place - other.dataset.place;
    };
  }

  function sort(header, direction) {
    const key = header.dataset.sort;
    rows.sort(compare(key, direction));
    body.append(...rows);
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    sorted = { key, direction };
    caption.textContent = `按${header.textContent}${direction > 0 ? "从低到高" : "从高到低"}排列`;
    if (!numbers.has(key)) caption.textContent = `按${header.textContent}排列`;
  }

  // The address keeps what was asked for, so that going back from a report shows the same list.
  function remember() {
    const asked = new URLSearchParams();
    if (query.value) asked.set("q", query.value);
    if (group.value) asked.set("group", group.value);
    if (grade.value) asked.set("grade", grade.value);
    if (open.checked) asked.set("open", "1");
    if (sorted) asked.set("sort", (sorted.direction < 0 ? "-" : "") + sorted.key);
    const text = asked.toString();
    try { history.replaceState(null, "", text ? "#" + text : location.pathname); } catch (refused) { /* file:// may refuse */ }
  }

  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    query.value = asked.get("q") || "";
    for (const [box, key] of [[group, "group"], [grade, "grade"]]) {
      const value = asked.get(key) || "";
      box.value = Array.from(box.options).some((option) => option.value === value) ? value : "";
    }
    open.checked = asked.get("open") === "1";
    const key = (asked.get("sort") || "").replace(/^-/, "");
    const header = Array.from(document.querySelectorAll("th[data-sort]")).find((one) => one.dataset.sort === key);
    if (header) sort(header, asked.get("sort").startsWith("-") ? -1 : 1);
  }

  for (const header of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const best = header.dataset.sort === "score" || header.dataset.sort === "open" ? -1 : 1;
      const again = sorted && sorted.key === header.dataset.sort;
      sort(header, again ? -sorted.direction : best);
      remember();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      query.focus();
    }
  });
  form.hidden = false;
  recall();
  filter();
})();
