import results from "./results.json";
import sending from "./sending.json";

export default { results, sending };
