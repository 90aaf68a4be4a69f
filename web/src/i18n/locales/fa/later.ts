import coupons from "./coupons.json";
import reasons from "./reasons.json";
import results from "./results.json";
import sending from "./sending.json";

export default { coupons, reasons, results, sending };
