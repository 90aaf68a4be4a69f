import { BaseEdge, Controls, EdgeLabelRenderer, Handle, Position, ReactFlow, getSmoothStepPath, type Edge, type EdgeProps, type Node, type NodeProps, type ReactFlowInstance } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import "./canvas.css";
import { useCallback, useMemo, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { HEIGHT, WIDTH, asidesOf, readingOrder, viewOf, type Line, type Place } from "./layout";

export type Box = {
  content: ReactNode;
  tone: string;
  selected: boolean;
  wrong: boolean;
  /** How another version differs here. */
  mark: string | undefined;
  /** Without it there is nothing to open: the box is no button. */
  open?: () => void;
};

interface CanvasProps {
  places: Place[];
  lines: Line[];
  boxes: Record<string, Box>;
  labels: Record<string, ReactNode>;
  direction: "ltr" | "rtl";
  dark: boolean;
}

type BoxNode = Node<Box & { dir: "ltr" | "rtl" }, "box">;
type LabelEdge = Edge<{ label: ReactNode; dir: "ltr" | "rtl"; aside: number }, "labelled">;

function BoxView({ data }: NodeProps<BoxNode>) {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {data.open
        ? <button type="button" className="hd-box nodrag" dir={data.dir} data-tone={data.tone} data-mark={data.mark} data-wrong={data.wrong || undefined} aria-pressed={data.selected} onClick={data.open}>{data.content}</button>
        : <div className="hd-box" dir={data.dir} data-tone={data.tone} data-mark={data.mark}>{data.content}</div>}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

function LineView({ id, data, ...ends }: EdgeProps<LabelEdge>) {
  const aside = data?.aside ?? 0;
  const [path, x, y] = getSmoothStepPath({ ...ends, sourceX: ends.sourceX + aside, targetX: ends.targetX + aside, borderRadius: 14 });
  return (
    <>
      <BaseEdge id={id} path={path} />
      <EdgeLabelRenderer>
        {data?.label && <div className="hd-edge" dir={data.dir} style={{ transform: `translate(-50%, -50%) translate(${String(x)}px, ${String(y)}px)` }}>{data.label}</div>}
      </EdgeLabelRenderer>
    </>
  );
}

const nodeTypes = { box: BoxView };
const edgeTypes = { labelled: LineView };

/** The drawing of a journey. Its coordinates always run from left to right; the text inside a node has its own direction. */
export default function Canvas({ places, lines, boxes, labels, direction, dark }: CanvasProps) {
  const { t } = useTranslation();
  const nodes = useMemo(
    () => readingOrder(places, direction).flatMap(({ id, x, y }): BoxNode[] => {
      const box = boxes[id];
      // What is known to be measured keeps its lines when it is drawn anew: else they are gone for a moment, and the menu that is open on one with them.
      return box ? [{ id, type: "box", position: { x, y }, width: WIDTH, height: HEIGHT, measured: { width: WIDTH, height: HEIGHT }, data: { ...box, dir: direction } }] : [];
    }),
    [places, boxes, direction],
  );
  const asides = useMemo(() => asidesOf(lines, direction), [lines, direction]);
  const edges = useMemo(
    () => lines.map(({ id, source, target }): LabelEdge => ({ id, source, target, type: "labelled", data: { label: labels[id], dir: direction, aside: asides[id] ?? 0 } })),
    [lines, labels, direction, asides],
  );
  const frame = useRef<HTMLDivElement>(null);
  const begin = useCallback((flow: ReactFlowInstance<BoxNode, LabelEdge>) => {
    if (frame.current) void flow.setViewport(viewOf(places, frame.current.clientWidth, frame.current.clientHeight));
  }, [places]);
  const controls = {
    "controls.ariaLabel": t("journeys.zoom"),
    "controls.zoomIn.ariaLabel": t("journeys.zoom_in"),
    "controls.zoomOut.ariaLabel": t("journeys.zoom_out"),
    "controls.fitView.ariaLabel": t("journeys.fit"),
  };
  return (
    <div className="hd-canvas" dir="ltr" ref={frame}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={dark ? "dark" : "light"}
        onInit={begin}
        minZoom={0.25}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        panOnScroll
        attributionPosition={direction === "rtl" ? "bottom-left" : "bottom-right"}
        ariaLabelConfig={controls}
      >
        <Controls showInteractive={false} position={direction === "rtl" ? "bottom-right" : "bottom-left"} />
      </ReactFlow>
    </div>
  );
}
