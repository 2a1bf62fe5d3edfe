// The scripts of every page, in the order in which they run. `collectstatic` joins them into one file.
import "./texts.js";
import "./choices.js";
import "./time.js";
import "./morph.js";
import "./focus.js";
import "./announce.js";
import "./stream.js";
import "./page.js";
