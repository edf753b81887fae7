// Colours, sizes and limits as close to Teams as its published themes tell.
const tones = {
  light: { ink: "#242424", faint: "#616161", paper: "#ffffff", emphasis: "#f5f5f5", good: ["#f1faf1", "#0e700e"], warning: ["#fef7b2", "#835b00"], attention: ["#fdf3f4", "#c4314b"], accent: ["#ebebf9", "#5b5fc7"], behind: "#f5f5f5" },
  dark: { ink: "#ffffff", faint: "#adadad", paper: "#292929", emphasis: "#1f1f1f", good: ["#052505", "#54b054"], warning: ["#463100", "#f2c661"], attention: ["#3b1219", "#e37d80"], accent: ["#2f2f4a", "#9299f7"], behind: "#1f1f1f" },
};

export const tone = (theme) => tones[theme];

export function hostConfig(theme) {
  const t = tones[theme];
  const color = (hex) => ({ default: hex, subtle: hex });
  const foregroundColors = {
    default: { default: t.ink, subtle: t.faint }, dark: color("#000000"), light: color("#ffffff"),
    accent: color(t.accent[1]), good: color(t.good[1]), warning: color(t.warning[1]), attention: color(t.attention[1]),
  };
  const style = (backgroundColor) => ({ backgroundColor, foregroundColors });
  return {
    supportsInteractivity: true,
    fontTypes: {
      default: { fontFamily: "'Segoe UI', 'DejaVu Sans', sans-serif", fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 } },
      monospace: { fontFamily: "Consolas, 'DejaVu Sans Mono', monospace", fontSizes: { small: 12, default: 13, medium: 14, large: 16, extraLarge: 20 } },
    },
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: t.faint },
    containerStyles: {
      default: style(t.paper), emphasis: style(t.emphasis), good: style(t.good[0]), warning: style(t.warning[0]),
      attention: style(t.attention[0]), accent: style(t.accent[0]),
    },
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left" },
  };
}
