//! Throughput and latency of updates over callers, as SVG. It has a ground of its own, so that it can be read on any page.

use std::path::Path;

use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::{
        Shift,
        combinators::{BindKeyPoints, IntoLogRange},
        ranged1d::{AsRangedCoord, Ranged, ValueFormatter},
    },
    drawing::{DrawingArea, IntoDrawingArea},
    element::PathElement,
    prelude::SVGBackend,
    series::{DashedLineSeries, LineSeries},
    style::{BLACK, Color, RGBColor, WHITE},
};

use super::{
    figures::Figures,
    plan::{Among, Group, Series, Side},
    results::Results,
};
use crate::Failure;

const SIZE: (u32, u32) = (1000, 400);
const FONT: &str = "sans-serif";

/// The sides with their colours, which the colour-blind can distinguish too (they are Okabe and Ito's).
const SIDES: [(Side, RGBColor); 4] = [
    (Side::Floor, RGBColor(90, 90, 90)),
    (Side::Grpc, RGBColor(0, 114, 178)),
    (Side::Rest, RGBColor(213, 94, 0)),
    (Side::Gateway, RGBColor(0, 158, 115)),
];

/// A line of a chart.
struct Line {
    /// For the legend; none for lines that need none.
    name: Option<String>,
    colour: RGBColor,
    dashed: bool,
    /// Callers, and the figure.
    points: Vec<(f64, f64)>,
}

/// Draws the group `updates`.
///
/// # Errors
/// If it was not measured, or the file cannot be written.
pub(crate) fn draw(file: &Path, results: &Results) -> Result<(), Failure> {
    let lines = |dashed, figure: fn(&Figures) -> f64| {
        SIDES.map(|(side, colour)| Line { name: None, colour, dashed, points: points(results, side, figure) })
    };
    let mut throughput = lines(false, |it| it.calls_per_second / 1000.0);
    for (line, (side, _)) in throughput.iter_mut().zip(SIDES) {
        line.name = Some(side.to_string());
    }
    let latency: Vec<Line> =
        lines(false, |it| it.latency_ms.p50).into_iter().chain(lines(true, |it| it.latency_ms.p99)).collect();
    let Some(([_, most], [shortest, longest])) = range(&throughput).zip(range(&latency)) else {
        return Err("there is nothing to draw: the group `updates` was not measured".into());
    };
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(SIZE.0 / 2);
    chart(&left, "Updates per second, thousands", 0.0..most * 1.1, &throughput)?;
    let decades = 10_f64.powf(shortest.log10().floor())..10_f64.powf(longest.log10().ceil());
    chart(&right, "Latency in ms: p50 solid, p99 dashed", decades.log_scale(), &latency)?;
    root.present()?;
    Ok(())
}

/// The medians of a side's figure, over callers.
fn points(results: &Results, side: Side, figure: fn(&Figures) -> f64) -> Vec<(f64, f64)> {
    let of_side =
        |series: &Series| series.group == Group::Updates && series.among == Among::Few && series.side == side;
    results
        .series()
        .filter(|(series, _)| of_side(series))
        .filter_map(|(series, _)| {
            Some((series.callers as f64, results.median(series, |it| Some(figure(it)))?))
        })
        .collect()
}

/// The least and the highest of what lines show.
fn range(lines: &[Line]) -> Option<[f64; 2]> {
    let values = || lines.iter().flat_map(|line| line.points.iter().map(|(_, figure)| *figure));
    Some([values().min_by(f64::total_cmp)?, values().max_by(f64::total_cmp)?])
}

/// A number at an axis: no more digits than it needs.
fn label(number: &f64) -> String {
    ((number * 1000.0).round() / 1000.0).to_string()
}

fn chart<Y>(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    caption: &str,
    scale: Y,
    lines: &[Line],
) -> Result<(), Failure>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut callers: Vec<f64> =
        lines.iter().flat_map(|line| line.points.iter().map(|(callers, _)| *callers)).collect();
    callers.sort_by(f64::total_cmp);
    callers.dedup();
    let (Some(fewest), Some(most)) = (callers.first(), callers.last()) else { return Ok(()) };
    // Some room on both sides, also where there is but one number of callers.
    let callers_scale = (fewest * 0.8..most * 1.25).log_scale().with_key_points(callers);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, (FONT, 18))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(48)
        .build_cartesian_2d(callers_scale, scale)?;
    chart
        .configure_mesh()
        .label_style((FONT, 14))
        .x_desc("callers")
        .max_light_lines(0)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .bold_line_style(BLACK.mix(0.12))
        .axis_style(BLACK.mix(0.5))
        .draw()?;
    for Line { name, colour, dashed, points } in lines {
        let stroke = colour.stroke_width(2);
        let drawn = if *dashed {
            chart.draw_series(DashedLineSeries::new(points.iter().copied(), 6, 5, stroke))?
        } else {
            chart.draw_series(LineSeries::new(points.iter().copied(), stroke).point_size(3))?
        };
        if let Some(name) = name {
            let sample = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], stroke);
            drawn.label(name).legend(sample);
        }
    }
    if lines.iter().any(|line| line.name.is_some()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font((FONT, 14))
            .background_style(WHITE)
            .draw()?;
    }
    Ok(())
}
