// Images that come as base64, ready to be painted at once; their addresses exist in this page only.
// Given: nothing.

async function decode(images, type) {
  const decoded = images.map((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = new Image();
    image.decoding = "sync";
    image.draggable = false;
    image.src = URL.createObjectURL(new Blob([bytes], { type }));
    return image;
  });
  await Promise.all(decoded.map((image) => image.decode()));
  return decoded;
}

// In the place of another, whose address ends: not before, or a browser that reads it again fails.
function hang(image, wall) {
  wall.querySelectorAll("img").forEach((before) => URL.revokeObjectURL(before.src));
  wall.replaceChildren(image);
}
