/* decode.js: the section of texts that were written with early exit: equal tokens against
 * speed by the clock. */

const FILLS = [["defer", "blocks run later"], ["mat", "keys and values by maps"], ["copy", "keys and values of the same state"]];

/* What filling by maps is worth against copying, over the trials that differ in nothing else. Where all
 * tokens leave at one layer nothing reads what was filled. */
function fillsSaid(points) {
    const key = (p) => `${p.gate} ${p.lambda} ${p.at}`;
    const copies = new Map(points.filter((p) => p.fill === "copy").map((p) => [key(p), p]));
    const gains = points.filter((p) => p.fill === "mat" && p.gate !== "fixed" && copies.has(key(p))).map((p) => p.equal - copies.get(key(p)).equal);
    if (gains.length === 0) {
        return "";
    }
    const gain = 100 * mean(gains), each = 100 / (results.decode.prompts * results.decode.tokens);
    return ` Keys and values made by maps keep ${Math.abs(gain).toFixed(1)} points ${gain < 0 ? "fewer" : "more"} of the tokens than copied states at the same thresholds, where a token is ${each.toFixed(1)} points.`;
}

function decodeSaid(points) {
    const good = points.filter((p) => p.equal >= saved.target).sort((a, b) => b.speed - a.speed)[0];
    const best = good === undefined ? `No gate keeps ${Math.round(100 * saved.target)}% of the tokens.`
        : `Of those that keep ${Math.round(100 * saved.target)}% of the tokens, the fastest is ${times(good.speed)} as fast as the full model (${good.gate}, exits after ${good.at.join(", ")}).`;
    return best + (points.some((p) => p.speed > 1 && p.equal >= saved.target) ? "" : " Early exit does not pay here.") + fillsSaid(points);
}

function decodeSection() {
    const points = results.decode.points, said = decodeSaid(points), gates = [...new Set(points.map((p) => p.gate))];
    const call = (gate) => (gate === "fixed" ? "fixed exit" : `gate ${gate}`);
    const sets = (fill) => [
        ...gates.map((gate, tone) => curve(tone, call(gate), points.filter((p) => p.gate === gate && p.fill === fill)
            .map((p) => ({ x: p.speed, y: p.equal, point: p })).sort((a, b) => a.x - b.x), "dots")),
        { label: "the full model", data: [{ x: 1, y: 0 }, { x: 1, y: 1 }], tone: "--soft", borderDash: [], borderWidth: 1, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0 },
    ];
    const shown = FILLS.filter(([fill]) => points.some((p) => p.fill === fill));
    const figure = lineChart(said, Object.fromEntries(shown.map(([fill, words]) => [words, sets(fill)])),
        axis("speed, in that of the full model", { beginAtZero: true, ticks: {} }), shareAxis("equal tokens"),
        `${count(results.decode.prompts, "text")} continued by ${results.decode.tokens} tokens each, one at a time, in alternation with the full model. Equal tokens are those that the full `
            + "model would have written after the same text. A fixed exit leaves after one layer with all tokens.",
        false, { title: () => "", label: ({ raw }) => (raw.point === undefined ? "" : ` exits after ${raw.point.at.join(", ")}: ${times(raw.x)} as fast, ${(100 * raw.y).toFixed(1)}% equal`) });
    const rows = points.map((p) => [`${call(p.gate)}${p.lambda == null ? "" : ` above ${short(p.lambda)}`}, ${where(p.at)}, ${FILLS.find(([fill]) => fill === p.fill)?.[1] ?? p.fill}`,
        p.equal, p.blocks, p.bytes, p.speed]);
    section("Early exit as it decodes", said, figure, [table("gates and fills", ["setting", "equal tokens", "blocks run", "bytes", "speed"], rows)], ["early exit"]);
}
