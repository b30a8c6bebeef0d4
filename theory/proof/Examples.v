(** * Concrete networks that meet every hypothesis

    [leaky]: one neuron, linear.  [layered]: a hidden and an output neuron with one symmetric
    weight and a bias, [Phi] of degree three.  [sine]: one neuron, an activation that is no
    polynomial.  Each meets every hypothesis of the main theorems, by proof; so none of them
    holds for want of an example. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Statements.
From CEP Require Export Vocabulary Instances Differentiation.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Derivatives by a quadratic remainder

    Bounding the remainder by the square of the norm proves differentiability of every
    polynomial without a chain rule. *)

Lemma gradient_by_remainder (V : NM) ip (f : V -> R) (p g : V) (M : R) :
  is_inner_product V ip -> 0 <= M ->
  (forall q, Rabs (f q - f p - ip g (minus q p)) <= M * (norm (minus q p) * norm (minus q p))) ->
  is_gradient V ip f p g.
Proof.
intros Hip HM H. apply quadratic_remainder_diff. now apply ip_is_linear.
exists M. split; auto. apply filter_forall. exact H.
Qed.

Lemma diff_by_remainder (U V : NM) (f l : U -> V) (p : U) (M : R) :
  is_linear l -> 0 <= M ->
  (forall q, norm (minus (minus (f q) (f p)) (l (minus q p))) <= M * (norm (minus q p) * norm (minus q p))) ->
  filterdiff f (locally p) l.
Proof. intros Hl HM H. apply quadratic_remainder_diff; auto. exists M. split; auto. apply filter_forall. exact H. Qed.

Lemma continuous_of_diff (U V : NM) (f l : U -> V) (p : U) : filterdiff f (locally p) l -> continuous f p.
Proof. intros H. apply filterdiff_continuous. eexists; exact H. Qed.

Lemma half_square_gradient (y s : R) : is_gradient R1 times (fun s => (s - y) * (s - y) / 2) s (s - y).
Proof.
apply (@gradient_by_remainder R1 times _ _ _ 1). exact is_inner_product_R. lra. intros q.
change (Rabs ((q - y) * (q - y) / 2 - (s - y) * (s - y) / 2 - (s - y) * (q + - s)) <= 1 * (Rabs (q + - s) * Rabs (q + - s))).
replace ((q - y) * (q - y) / 2 - (s - y) * (s - y) / 2 - (s - y) * (q + - s)) with ((q + - s) * (q + - s) / 2) by field.
unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos (q + - s)). nra.
Qed.

Lemma minus_const_continuous (y s : R) : continuous (U := R_UniformSpace) (fun s : R => s - y) s.
Proof. apply (continuous_minus (V := R1)). apply continuous_id. apply continuous_const. Qed.

(** ** One linear neuron: [F = s/2 + theta], at rest in [s = 1] *)

Section Plane.
Notation Z := (prod_NormedModule R_AbsRing R1 R1).
Lemma linear_plane (a b : R) : is_linear (U := Z) (V := R1) (fun z => a * fst z + b * snd z).
Proof.
split.
- intros [x1 x2] [y1 y2]. change (a * (x1 + y1) + b * (x2 + y2) = a * x1 + b * x2 + (a * y1 + b * y2)). ring.
- intros k [x1 x2]. change (a * (k * x1) + b * (k * x2) = k * (a * x1 + b * x2)). ring.
- exists (Rabs a + Rabs b + 1). split. generalize (Rabs_pos a) (Rabs_pos b); lra.
  intros q. change (Rabs (a * fst q + b * snd q) <= (Rabs a + Rabs b + 1) * norm q).
  assert (H1 : Rabs (fst q) <= norm q) by exact (norm_fst q).
  assert (H2 : Rabs (snd q) <= norm q) by exact (norm_snd q).
  assert (P1 := Rabs_pos (fst q)). assert (P2 := Rabs_pos (snd q)).
  eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult. generalize (Rabs_pos a) (Rabs_pos b). nra.
Qed.
Lemma affine_plane_diff (f : R * R -> R) (a b c : R) (p : Z) :
  (forall x y, f (x, y) = a * x + b * y + c) ->
  filterdiff (U := Z) (V := R1) f (locally p) (fun z => a * fst z + b * snd z).
Proof.
intros Hf. apply (@diff_by_remainder Z R1 f _ p 0). apply linear_plane. lra. intros [x y]. destruct p as [x0 y0].
right. rewrite Rmult_0_l. rewrite <- (@norm_zero R_AbsRing R1). f_equal. rewrite !Hf.
change (a * x + b * y + c + - (a * x0 + b * y0 + c) + - (a * (x + - x0) + b * (y + - y0)) = 0). ring.
Qed.
End Plane.

Lemma leaky_derivatives (s th : R) :
  derivatives (leaky_at s th) (fun h => / 2 * fst h + 1 * snd h) (fun h => 1 * fst h + 0 * snd h).
Proof. split; apply affine_plane_diff with (c := 0); intros x y; simpl; field. Qed.

Lemma leaky_gradient (s th : R) (z : joint (leaky_at s th)) :
  is_gradient (joint (leaky_at s th)) (@product_inner R1 R1 times times) (Phi (leaky_at s th)) z
    (F (leaky_at s th) z, Phi_theta (leaky_at s th) z).
Proof.
destruct z as [x y].
apply (@gradient_by_remainder (prod_NormedModule R_AbsRing R1 R1) _ _ _ _ 2).
apply (is_inner_product_prod is_inner_product_R is_inner_product_R). lra.
intros [x' y']. set (q := minus _ _).
assert (H1 : Rabs (fst q) <= norm q) by exact (norm_fst q).
assert (H2 : Rabs (snd q) <= norm q) by exact (norm_snd q).
set (nq := norm q) in *. change (fst q) with (x' + - x) in H1. change (snd q) with (y' + - y) in H2.
change (Rabs (x' * x' / 4 + y' * x' - (x * x / 4 + y * x) - ((x / 2 + y) * (x' + - x) + x * (y' + - y))) <= 2 * (nq * nq)).
replace (x' * x' / 4 + y' * x' - (x * x / 4 + y * x) - ((x / 2 + y) * (x' + - x) + x * (y' + - y)))
  with ((x' + - x) * (x' + - x) / 4 + (y' + - y) * (x' + - x)) by field.
eapply Rle_trans. apply Rabs_triang. unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 4)) by lra.
generalize (Rabs_pos (x' + - x)) (Rabs_pos (y' + - y)). nra.
Qed.
Lemma leaky_primitive (s th : R) : has_primitive_function (leaky_at s th).
Proof. unfold has_primitive_function, primitive_function. apply filter_forall. exact (@leaky_gradient s th). Qed.

Lemma leaky_loss (s th : R) : loss_differentiable (leaky_at s th).
Proof. split. apply half_square_gradient. apply minus_const_continuous. Qed.

Lemma leaky_continuous (s th : R) : continuous_nearby (leaky_at s th).
Proof.
split; [|split]; apply filter_forall; intros z.
- apply (@continuous_of_diff (prod_NormedModule R_AbsRing R1 R1) R1 _ (fun h => / 2 * fst h + 1 * snd h)).
  apply affine_plane_diff with (c := 0); intros x y; simpl; field.
- apply (@continuous_of_diff (prod_NormedModule R_AbsRing R1 R1) R1 _ (fun h => 1 * fst h + 0 * snd h)).
  apply affine_plane_diff with (c := 0); intros x y; simpl; field.
- apply minus_const_continuous.
Qed.

Lemma leaky_settled : settled leaky.
Proof. unfold settled; simpl. field. Qed.

Theorem leaky_meets_every_hypothesis : Pinned.leaky_meets_every_hypothesis.
Proof.
split; [apply leaky_primitive|]. split; [do 2 eexists; apply leaky_derivatives|].
split; [apply leaky_loss|]. split; [apply leaky_continuous | exact leaky_settled].
Qed.

Lemma iterate_times (c x : R) (M : R -> R) (t : nat) :
  (forall y, M y = c * y) -> iterate M t x = c ^ t * x.
Proof. intros H. induction t as [|t IH]; simpl. ring. rewrite H, IH. ring. Qed.

(** BPTT's gradients of this network, in numbers: [1, 1/2, 1/4, ...] for both. *)
Lemma leaky_bptt (t : nat) : is_nabla_s leaky t ((/ 2) ^ t) /\ is_nabla_theta leaky t ((/ 2) ^ t).
Proof.
destruct (leaky_derivatives 1 (1 / 2)) as [HF HPhi]. destruct (leaky_loss 1 (1 / 2)) as [Hl _].
destruct (@bptt_gradients _ _ _ _ (dot_state_inner leaky) (dot_param_inner leaky) _ _ _ _ _ _ _
  (leaky_primitive 1 (1 / 2)) _ _ HF HPhi Hl leaky_settled t) as [G1 G2].
assert (E : iterate (V := R) (dF_ds (State := R1) (Param := R1) (fun h => / 2 * fst h + 1 * snd h)) t (1 - 0) = (/ 2) ^ t).
{ rewrite (@iterate_times (/ 2)). ring. intros y. change (/ 2 * y + 1 * 0 = / 2 * y). ring. }
split.
- rewrite <- E. exact G1.
- assert (E1 : 1 * (/ 2) ^ t + 0 * 0 = (/ 2) ^ t) by ring. rewrite <- E1, <- E. exact G2.
Qed.

(** Theorem 1 in numbers. *)
Theorem leaky_theorem1 : Pinned.leaky_theorem1.
Proof.
intros t. destruct (leaky_bptt t) as [G1 G2]. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
exact (@theorem1 leaky t _ _ A1 A2 A3 A4 A5 G1 G2).
Qed.

(** ** A layered network: a hidden neuron [h], an output [o], one symmetric weight [w], a bias [b]

    [Phi = (h^2 + o^2)/4 + w h o + b h].  With [w = 1/4] and [b = 3] it rests in [h = 8],
    [o = 4]; the target is [1]. *)

Section Layered.
Notation Z := (prod_NormedModule R_AbsRing (Rn 1) (Rn 1)).
Let h (z : (R * R) * (R * R)) : R := fst (fst z).
Let o (z : (R * R) * (R * R)) : R := snd (fst z).
Let w (z : (R * R) * (R * R)) : R := fst (snd z).
Let b (z : (R * R) * (R * R)) : R := snd (snd z).

Lemma h_linear : is_linear (U := Z) (V := R1) h.
Proof. exact (@is_linear_comp R_AbsRing Z (Rn 1) R1 _ _ (@is_linear_fst R_AbsRing (Rn 1) (Rn 1)) (@is_linear_fst R_AbsRing R1 R1)). Qed.
Lemma o_linear : is_linear (U := Z) (V := R1) o.
Proof. exact (@is_linear_comp R_AbsRing Z (Rn 1) R1 _ _ (@is_linear_fst R_AbsRing (Rn 1) (Rn 1)) (@is_linear_snd R_AbsRing R1 R1)). Qed.
Lemma w_linear : is_linear (U := Z) (V := R1) w.
Proof. exact (@is_linear_comp R_AbsRing Z (Rn 1) R1 _ _ (@is_linear_snd R_AbsRing (Rn 1) (Rn 1)) (@is_linear_fst R_AbsRing R1 R1)). Qed.
Lemma b_linear : is_linear (U := Z) (V := R1) b.
Proof. exact (@is_linear_comp R_AbsRing Z (Rn 1) R1 _ _ (@is_linear_snd R_AbsRing (Rn 1) (Rn 1)) (@is_linear_snd R_AbsRing R1 R1)). Qed.

Local Ltac atom := apply differential_linear; first [exact h_linear | exact o_linear | exact w_linear | exact b_linear].

Lemma layered_Phi (z : Z) : is_gradient Z (@product_inner (Rn 1) (Rn 1) (dot 1) (dot 1)) (Phi layered) z (F layered z, Phi_theta layered z).
Proof.
apply (@differential_ext Z z (Phi layered) _ _ ltac:(unfold Phi, layered; differentiate atom)).
intros [[dh do] [dw db]]. destruct z as [[h0 o0] [w0 b0]]. unfold product_inner, h, o, w, b; simpl.
unfold product_inner, h, o, w, b; simpl. field.
Qed.
Lemma layered_F (z : Z) : exists DF, filterdiff (U := Z) (V := Rn 1) (F layered) (locally z) DF.
Proof. eexists. apply (@differential_pair Z z R1 R1 (fun z => / 2 * h z + w z * o z + b z) (fun z => / 2 * o z + w z * h z)); differentiate atom. Qed.
Lemma layered_Phi_theta (z : Z) : exists DPhi_theta, filterdiff (U := Z) (V := Rn 1) (Phi_theta layered) (locally z) DPhi_theta.
Proof. eexists. apply (@differential_pair Z z R1 R1 (fun z => h z * o z) h); differentiate atom. Qed.
Lemma layered_grad_ell (s : Rn 1) : continuous (grad_ell layered) s.
Proof.
apply (@flim_pair (Rn 1) (locally s) _ R1 R1 (fun _ => 0) (fun s => snd s - 1) 0 (snd s - 1)).
apply filterlim_const.
apply (continuous_minus (V := R1) (fun s : Rn 1 => snd s) (fun _ => 1)).
apply (@linear_cont R_AbsRing (Rn 1) R1 (fun s => snd s) s). apply is_linear_snd. apply continuous_const.
Qed.

Theorem layered_meets_every_hypothesis : Pinned.layered_meets_every_hypothesis.
Proof.
split. { unfold has_primitive_function, primitive_function. apply filter_forall. exact layered_Phi. }
split. { destruct (layered_F (s_star layered, theta layered)) as [DF HF].
  destruct (layered_Phi_theta (s_star layered, theta layered)) as [DPhi HPhi]. exists DF, DPhi. now split. }
split. { split. 2: apply layered_grad_ell.
  assert (D : @differential (Rn 1) (8, 4) (fun s => (snd s - 1) * (snd s - 1) / 2) (fun h => snd h * (4 - 1))).
  { apply (@differential_compose (Rn 1) (8, 4) (fun x => (x - 1) * (x - 1) / 2) (4 - 1) (fun s => snd s) (fun h => snd h)).
    apply differential_linear. apply is_linear_snd. auto_derive; auto. simpl. field. }
  apply (@differential_ext (Rn 1) (8, 4) _ _ _ D). intros [dh do]. unfold grad_ell, layered; simpl. unfold product_inner; simpl. ring. }
split. { split; [|split]; apply filter_forall; intros z.
  destruct (layered_F z) as [l Hl]. exact (continuous_of_diff Hl).
  destruct (layered_Phi_theta z) as [l Hl]. exact (continuous_of_diff Hl).
  apply layered_grad_ell. }
unfold settled, layered, h, o, w, b; simpl. f_equal; field.
Qed.
End Layered.

(** ** One neuron with an activation that is no polynomial: [F = s/2 + theta cos s] *)

Section Sine.
Notation Z := (prod_NormedModule R_AbsRing R1 R1).

Lemma s_linear : is_linear (U := Z) (V := R1) (fun z => fst z). Proof. exact (@is_linear_fst R_AbsRing R1 R1). Qed.
Lemma th_linear : is_linear (U := Z) (V := R1) (fun z => snd z). Proof. exact (@is_linear_snd R_AbsRing R1 R1). Qed.
Lemma sin_rule (z : Z) : @differential Z z (fun z => sin (fst z)) (fun h => fst h * cos (fst z)).
Proof. apply (@differential_compose Z z sin (cos (fst z)) (fun z => fst z) (fun h => fst h)). apply differential_linear, s_linear. apply is_derive_sin. Qed.
Lemma cos_rule (z : Z) : @differential Z z (fun z => cos (fst z)) (fun h => fst h * - sin (fst z)).
Proof. apply (@differential_compose Z z cos (- sin (fst z)) (fun z => fst z) (fun h => fst h)). apply differential_linear, s_linear. apply is_derive_cos. Qed.

Local Ltac atom := idtac;   (* so that the match is made where [atom] is used *)
  lazymatch goal with
  | |- @differential _ ?p (fun z => sin _) _ => exact (sin_rule p)
  | |- @differential _ ?p (fun z => cos _) _ => exact (cos_rule p)
  | |- _ => apply differential_linear; first [exact s_linear | exact th_linear]
  end.

Lemma sine_Phi (z : Z) : is_gradient Z (@product_inner R1 R1 times times) (Phi sine) z (F sine z, Phi_theta sine z).
Proof.
apply (@differential_ext Z z (Phi sine) _ _ ltac:(unfold Phi, sine; differentiate atom)).
intros [ds dth]. destruct z as [s th]. unfold product_inner, times; simpl. field.
Qed.
Lemma sine_F (z : Z) : exists DF, filterdiff (U := Z) (V := R1) (F sine) (locally z) DF.
Proof. eexists. unfold F, sine. differentiate atom. Qed.
Lemma sine_Phi_theta (z : Z) : exists DPhi_theta, filterdiff (U := Z) (V := R1) (Phi_theta sine) (locally z) DPhi_theta.
Proof. eexists. apply sin_rule. Qed.

Theorem sine_meets_every_hypothesis : Pinned.sine_meets_every_hypothesis.
Proof.
split. { unfold has_primitive_function, primitive_function. apply filter_forall. exact sine_Phi. }
split. { destruct (sine_F (s_star sine, theta sine)) as [DF HF].
  destruct (sine_Phi_theta (s_star sine, theta sine)) as [DPhi HPhi]. exists DF, DPhi. now split. }
split. { split. apply half_square_gradient. apply minus_const_continuous. }
split. { split; [|split]; apply filter_forall; intros z.
  destruct (sine_F z) as [l Hl]. exact (continuous_of_diff Hl).
  destruct (sine_Phi_theta z) as [l Hl]. exact (continuous_of_diff Hl).
  apply minus_const_continuous. }
unfold settled, sine; simpl. rewrite cos_PI. field.
Qed.
End Sine.
