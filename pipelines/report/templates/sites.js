// Sorting and filtering of the table of sites; the page is whole without it.
(() => {
  "use strict";
  const table = document.getElementById("site-table");
  if (!table) return;
  const body = table.tBodies[0];
  const first = [...body.rows];
  const value = (row, column) => {
    const cell = row.cells[column];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      const order = was === "descending" ? "ascending" : was === "ascending" ? null : "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      const turn = order === "ascending" ? 1 : -1;
      const compared = (a, b) => {
        const one = value(a, column), other = value(b, column);
        return turn * (typeof one === "number" ? one - other : -one.localeCompare(other));
      };
      if (order) head.setAttribute("aria-sort", order);
      body.append(...(order ? [...first].sort(compared) : first));
    });
  });
  const filter = document.getElementById("site-filter");
  const count = document.getElementById("site-count");
  filter.parentElement.hidden = false;
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of first) {
      const text = (row.cells[0].textContent + " " + row.cells[1].textContent).toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = filter.value ? shown + " of " + first.length : "";
  });
})();
