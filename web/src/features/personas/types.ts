export interface Persona {
  id: number;
  name: string;
  description: string;
  /** How to speak to them. */
  tone: string;
  segment: { id: number; name: string } | null;
  /** How many people are in the segment now. */
  count: number | null;
  /** The picture's address; a new picture has a new one. */
  picture: string | null;
}

export interface Sketch {
  name: string;
  description: string;
  tone: string;
  segment_id: number | null;
}
