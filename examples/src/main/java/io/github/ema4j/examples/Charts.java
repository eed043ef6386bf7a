// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples;

import io.github.ema4j.train.record.OutputFile;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.Styler.LegendPosition;

/** What the charts of the documentation have in common. None needs a screen. */
final class Charts {
  static final Color RAW = new Color(0xE8, 0x7A, 0x00);
  static final Color AVERAGED = new Color(0x1F, 0x5F, 0xC4);
  static final Color OTHER = new Color(0x77, 0x77, 0x77);

  private Charts() {}

  static XYChart styled(XYChart chart, LegendPosition legend) {
    chart
        .getStyler()
        .setLegendPosition(legend)
        .setChartBackgroundColor(Color.WHITE)
        .setAntiAlias(true);
    return chart;
  }

  /** Writes a PNG into the file that the arguments name, or into target, and says so. */
  static void write(XYChart chart, String name, String... args) throws IOException {
    Path file = Path.of(args.length == 0 ? "target/" + name + ".png" : args[0]);
    System.out.println(
        "Wrote "
            + OutputFile.write(
                file, out -> ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", out)));
  }
}
