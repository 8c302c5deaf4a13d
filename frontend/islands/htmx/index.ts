// htmx for the desk and the patient's space. Every answer is swapped, refusals included (htmx 4
// does so by default), and requests that write carry Django's token.
import htmx from "htmx.org";
import { addToken } from "./csrf.ts";

htmx.config.includeIndicatorCSS = false; // app.css has it
document.addEventListener("htmx:config:request", addToken);
