// The page of notices is a form; only its header has a script.

import { header } from "../header.js";
import { watchWidth } from "../width.js";

header({ resized: watchWidth() });
