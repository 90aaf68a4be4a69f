import { createContext } from "react";

/** Conditions of a journey may ask more than those of a segment: since somebody entered, and what their run was answered. */
export const InJourney = createContext(false);
