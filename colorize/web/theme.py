"""The theme of all pages: warm paper by day, neutral dark by night, colour only in the photos.

    python -c "from colorize.web.theme import theme; print(theme().body_background_fill)"

Fonts are the system's own, so nothing is fetched.
"""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parent / "assets"
SERIF = ("Iowan Old Style", "Palatino Linotype", "Palatino", "P052", "Georgia", "serif")
SANS = ("system-ui", "Segoe UI", "Inter", "Helvetica Neue", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "monospace")

# (by day, by night)
PAPER = ("#faf8f4", "#161514")
CARD = ("#fffefb", "#1f1d1b")
WASH = ("#f1ece2", "#292623")
LINE = ("#e2dbcf", "#38342f")
INK = ("#1d1b18", "#ece7df")
MUTED = ("#655f56", "#a8a196")
ACCENT = ("#9b3a27", "#e39a7c")  # madder: links, marks, what has the focus
CHOSEN = ("#1d1b18", "#a8523a")  # under the white marks of boxes and radios
CLEAR = ("transparent", "transparent")
NOTHING = ("none", "none")

COLOURS = {
    "body_background_fill": PAPER,
    "body_text_color": INK,
    "body_text_color_subdued": MUTED,
    "background_fill_primary": CARD,
    "background_fill_secondary": WASH,
    "border_color_primary": LINE,
    "border_color_accent": ACCENT,
    "color_accent_soft": WASH,
    "link_text_color": ACCENT,
    "link_text_color_hover": INK,
    "link_text_color_active": ACCENT,
    "link_text_color_visited": ACCENT,
    "block_background_fill": CLEAR,
    "block_border_color": LINE,
    "block_shadow": NOTHING,
    "block_title_text_color": INK,
    "block_title_background_fill": CLEAR,
    "block_label_text_color": MUTED,
    "block_label_background_fill": CARD,
    "block_label_border_color": LINE,
    "block_info_text_color": MUTED,
    "input_background_fill": CARD,
    "input_border_color": LINE,
    "input_border_color_focus": ACCENT,
    "input_placeholder_color": MUTED,
    "checkbox_background_color": CARD,
    "checkbox_background_color_selected": CHOSEN,
    "checkbox_border_color": MUTED,
    "checkbox_border_color_selected": CHOSEN,
    "checkbox_label_background_fill": CARD,
    "checkbox_label_background_fill_hover": WASH,
    "checkbox_label_background_fill_selected": WASH,
    "checkbox_label_border_color": LINE,
    "checkbox_label_border_color_selected": INK,
    "checkbox_label_text_color_selected": INK,
    "checkbox_label_shadow": NOTHING,
    "slider_color": INK,
    "loader_color": ACCENT,
    "button_primary_background_fill": INK,
    "button_primary_background_fill_hover": ACCENT,
    "button_primary_border_color": INK,
    "button_primary_text_color": PAPER,
    "button_primary_text_color_hover": PAPER,
    "button_primary_shadow": NOTHING,
    "button_secondary_background_fill": CLEAR,
    "button_secondary_background_fill_hover": WASH,
    "button_secondary_border_color": LINE,
    "button_secondary_border_color_hover": MUTED,
    "button_secondary_text_color": INK,
    "button_secondary_text_color_hover": INK,
    "button_secondary_shadow": NOTHING,
    "table_border_color": LINE,
    "table_even_background_fill": CLEAR,
    "table_odd_background_fill": CLEAR,
}
SHAPES = {
    "block_border_width": "0px",
    "block_padding": "0px",
    "block_radius": "6px",
    "block_title_text_weight": "600",
    "block_title_text_size": "*text_md",
    "button_large_radius": "999px",
    "button_medium_radius": "999px",
    "button_large_padding": "12px 24px",
    "button_large_text_size": "*text_md",
    "input_radius": "6px",
    "container_radius": "6px",
    "layout_gap": "24px",
    "form_gap_width": "24px",
    "button_border_width": "1px",
}

# Gradio's own words where what is read aloud and what is seen differ.
WORDS = {
    "image.drop_to_upload": "Drop a photo here, or click to choose one",
    "upload_text.drop_file": "Click to upload",
    "upload_text.click_to_upload": "drop files",
}


def theme() -> gr.themes.Base:
    """Base with our colours; every colour in two lights."""
    base = gr.themes.Base(
        primary_hue="stone",
        neutral_hue="stone",
        font=[*SANS],
        font_mono=[*MONO],
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_sm,
    )
    day = {name: colours[0] for name, colours in COLOURS.items()}
    night = {f"{name}_dark": colours[1] for name, colours in COLOURS.items()}
    return base.set(**day, **night, **SHAPES)
