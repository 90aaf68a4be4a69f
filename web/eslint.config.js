import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const kitOnly = { group: ["@mantine/*", "@tabler/*"], message: "Import it from @/ui: the kit has one door." };
const canvasOnly = { group: ["@xyflow/*"], message: "Only features/journeys/Canvas.tsx knows the canvas library." };
const shellOnly = { group: ["@puckeditor/*", "@tiptap/*", "@codemirror/*", "@uiw/*"], message: "Only features/templates/editor knows the shell and the text editors: what is kept is ours." };
const clientOnly = { group: ["@/api/*", "!@/api/problem"], message: "Server state lives in a feature's queries.ts." };
const physical = "Use logical properties (ms, me, ps, pe, …): the page also runs from right to left.";

export default tseslint.config(
  { ignores: ["node_modules", "src/api/generated", "test-results"] },
  {
    files: ["src/**/*.{ts,tsx}", "snippet/*.ts", "tests/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { "react-hooks": hooks },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...hooks.configs.recommended.rules,
      "max-lines": ["error", { max: 250 }],
      "no-restricted-imports": ["error", { patterns: [kitOnly, canvasOnly, clientOnly, shellOnly] }],
      "no-restricted-syntax": ["error", { selector: "JSXAttribute[name.name=/^(ml|mr|pl|pr)$/]", message: physical }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/consistent-type-imports": "error",
      "eqeqeq": "error",
    },
  },
  { files: ["src/ui/**", "src/app/**", "src/main.tsx"], rules: { "no-restricted-imports": ["error", { patterns: [canvasOnly] }] } },
  { files: ["src/**/queries.ts", "src/**/types.ts"], rules: { "no-restricted-imports": ["error", { patterns: [kitOnly, canvasOnly] }] } },
  { files: ["src/features/templates/editor/**"], rules: { "no-restricted-imports": ["error", { patterns: [kitOnly, canvasOnly, clientOnly] }] } },
  {
    files: ["src/features/journeys/Canvas.tsx"],
    rules: { "no-restricted-imports": ["error", { patterns: [kitOnly, clientOnly] }] },
  },
);
