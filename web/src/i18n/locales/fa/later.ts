import companies from "./companies.json";
import coupons from "./coupons.json";
import edit from "./edit.json";
import endpoints from "./endpoints.json";
import hooks from "./hooks.json";
import journeys from "./journeys.json";
import reasons from "./reasons.json";
import rehearsals from "./rehearsals.json";
import results from "./results.json";
import secrets from "./secrets.json";
import sending from "./sending.json";
import versions from "./versions.json";
import warehouses from "./warehouses.json";

export default { companies, coupons, edit, endpoints, hooks, journeys, reasons, rehearsals, results, secrets, sending, versions, warehouses };
