/* paper.js: a map as it is printed: tables of as many columns as a sheet of paper holds, one
 * below another, with the head and the layers in each. They are there while it is printed. */

const ACROSS = 10; /* columns of a table */

function paperCell(name, row, column) {
    const map = lens.maps[name], cell = element("td", {});
    cell.classList.toggle("answer", map.guesses[row][column][0] === lens.answers[column]);
    cell.classList.toggle("settled", taps[row] === String(map.settled[column]));
    paint(cell, map, row, column);
    return cell;
}

function paperTable(name, from) {
    const shown = [...lens.positions.keys()].slice(from, from + ACROSS);
    const head = shown.map((column) => element("th", { scope: "col" }, token(lens.ids[lens.positions[column]]), element("small", {}, String(lens.positions[column]))));
    const lines = [...Array(rows).keys()].reverse().map((row) => element("tr", {},
        element("th", { scope: "row" }, ...makeLabel(name, row).childNodes), ...shown.map((column) => paperCell(name, row, column))));
    const made = element("table", { class: rows <= 40 ? "paper whole" : "paper" }, /* a taller one goes on overleaf */
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), ...head)), element("tbody", {}, ...lines));
    made.style.setProperty("--across", shown.length);
    return made;
}

function printing(on) {
    view.printing = on;
    drawScale();
    document.querySelectorAll(".paper").forEach((old) => old.remove());
    for (const { name, scroller } of on ? sheets : []) {
        for (let from = 0; from < columns; from += ACROSS) {
            scroller.parentNode.append(paperTable(name, from));
        }
    }
}

addEventListener("beforeprint", () => printing(true));
addEventListener("afterprint", () => printing(false));
