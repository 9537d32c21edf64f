// The frame around the table: bar, problem, status line, key row, help; and painting them.

import { hasEvidence, legend } from "./dock.js";
import { button, el, setText } from "./dom.js";
import { available, KEYS } from "./keys.js";
import { preview } from "./reading.js";
import { unsaved, verdict } from "./reducer.js";
