// Runs before model-viewer: what it would otherwise load from other servers (decoders of Draco and KTX2, animated
// environments) isn't there. What needs them stays a picture.
self.ModelViewerElement = {
  dracoDecoderLocation: "/static/model_viewer/not-here/",
  ktx2TranscoderLocation: "/static/model_viewer/not-here/",
  lottieLoaderLocation: "/static/model_viewer/not-here/",
};
