"use strict";
(() => {
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const show = () => {
    const wanted = filter.value.trim().toLowerCase();
    let count = 0;
    for (const row of body.rows) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) count += 1;
    }
    shown.textContent = `${count} of ${body.rows.length}`;
  };
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key ?? cell.textContent.trim().toLowerCase();
  };
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const rises = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rises ? "ascending" : "descending");
      const rows = [...body.rows];
      rows.sort((one, other) => {
        const [a, b] = [key(one, column), key(other, column)];
        const order = a < b ? -1 : a > b ? 1 : 0;
        return rises ? order : -order;
      });
      body.append(...rows);
    });
  });
  filter.addEventListener("input", show);
  show();
})();
