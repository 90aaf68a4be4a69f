import type { CreateClientConfig } from "./generated/client.gen";
import { csrfToken } from "./http";

/** How the generated client talks: same origin, with the session, the forgery token and the reader's language. */
export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  baseUrl: window.location.origin,
  credentials: "same-origin",
  fetch: (input, init) => {
    const request = new Request(input, init);
    request.headers.set("Accept-Language", document.documentElement.lang);
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
    return fetch(request);
  },
});
