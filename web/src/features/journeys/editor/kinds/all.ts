import type { JourneyNode } from "../../graph";
import type { KindForm } from "../spec";
import { branch } from "./branch";
import { coupon } from "./coupon";
import { delay } from "./delay";
import { exit } from "./exit";
import { goal } from "./goal";
import { holdout } from "./holdout";
import { leave } from "./leave";
import { send } from "./send";
import { split } from "./split";
import { start } from "./start";
import { test } from "./test";
import { topic } from "./topic";
import { update } from "./update";
import { wait } from "./wait";
import { webhook } from "./webhook";

/** Every kind with its form, in the order in which they are offered: a new kind is one file and one word here. */
export const KINDS: Record<JourneyNode["kind"], KindForm> = {
  send, delay, wait, branch, split, test, holdout, update, topic, coupon, webhook, start, leave, goal, exit,
};
