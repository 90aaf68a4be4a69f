/** The one door to the component kit: screens import from here, so that the kit can be changed in one place. */
export {
  ActionIcon, Anchor, Autocomplete, Box, Button, Checkbox, CopyButton, Divider, Drawer, Group, Input, Kbd, Loader, Menu, Modal, MultiSelect, NativeSelect,
  PasswordInput, PinInput, Progress, SegmentedControl, Select, SimpleGrid, Skeleton, Stack, Switch, Tabs, TagsInput, Text, Textarea, TextInput, Title,
  Tooltip, UnstyledButton, VisuallyHidden,
} from "@mantine/core";
export { useDebouncedValue, useDocumentVisibility, useDisclosure, useMediaQuery } from "@mantine/hooks";
export * from "./icons";
export { Avatar } from "./Avatar";
export { Bars, type Bar } from "./Bars";
export { BackLink, Page } from "./Page";
export { Card, Columns, Facts, Figure, Figures } from "./Card";
export { CodeBlock } from "./CodeBlock";
export { Empty, Failure, Loading, Note } from "./Feedback";
export { Ltr, Name, Num } from "./Ltr";
export { MailFrame } from "./MailFrame";
export { More } from "./More";
export { State, type Tone } from "./State";
export { say } from "./say";
export { useIsDark } from "./useIsDark";
