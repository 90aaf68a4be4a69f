export {
  IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp, IconArrowRight, IconArrowUp, IconArrowsShuffle, IconArrowsSplit, IconBell, IconBolt, IconCheck, IconChevronDown, IconChevronRight, IconClock, IconCode, IconCopy, IconDatabase,
  IconDeviceMobile, IconDoorExit, IconDownload, IconFilter, IconFingerprint, IconFlask, IconHistory, IconHome, IconHourglass, IconInbox, IconKey, IconLanguage, IconLogout, IconMail,
  IconMailOpened, IconMenu2, IconMoodSmile, IconMoon, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlugConnected, IconPlus, IconQuestionMark, IconRefresh, IconRoute, IconSearch, IconSend, IconSettings,
  IconArchive, IconArrowDown, IconBold, IconBraces, IconChevronLeft, IconEye, IconHandClick, IconHeading, IconItalic, IconLayoutColumns, IconLink, IconList,
  IconListNumbers, IconNote, IconPalette, IconPhoto, IconPuzzle, IconSection, IconSeparatorHorizontal, IconShare, IconShoppingBag, IconSpacingVertical, IconStrikethrough, IconTemplate,
  IconTypography, IconUnderline,
  IconShieldCheck, IconSpeakerphone, IconStairs, IconSun, IconTrash, IconTarget, IconTicket, IconUser, IconUserEdit, IconUserOff, IconUsers, IconX,
} from "@tabler/icons-react";
