(** * A network without symmetry that corrected C-VF trains

    [loop]: two neurons, [x <- theta y + 1] and [y <- x / 2], at rest in [(2, 1)] with [theta = 1],
    and the loss [y^2 / 2].  The weights of the two directions differ, 1 and 1/2, and only one of
    them is learnt.  It meets every hypothesis.  BPTT has [nabla_s(1) = (1/2, 0)], which the
    corrected updates follow; plain C-VF goes to [- (1, 0)], twice as far. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LearningRules VectorFieldNetwork CorrectedVectorField CorrectedBound.
From CEP Require Import ErrorBound Examples Counterexamples.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Notation loop_joint := (prod_NormedModule R_AbsRing R2 R1).

Lemma linear_into_plane (U : NM) (f g : U -> R) : is_linear (V := R1) f -> is_linear (V := R1) g ->
  is_linear (V := R2) (fun u => (f u, g u)).
Proof. exact (@is_linear_prod R_AbsRing U R1 R1 f g). Qed.
Lemma linear_of_first (a b : R) : is_linear (U := loop_joint) (V := R1) (fun h => a * fst (fst h) + b * snd (fst h)).
Proof. exact (@is_linear_comp R_AbsRing loop_joint R2 R1 _ _ (@is_linear_fst R_AbsRing R2 R1) (linear_plane a b)). Qed.
Lemma linear_of_last (a b : R) : is_linear (U := loop_joint) (V := R1) (fun h => a * snd (fst h) + b * snd h).
Proof.
assert (L1 := @is_linear_comp R_AbsRing loop_joint R2 R1 _ _ (@is_linear_fst R_AbsRing R2 R1) (@is_linear_snd R_AbsRing R1 R1)).
exact (@is_linear_comp R_AbsRing loop_joint R2 R1 _ _ (@is_linear_prod R_AbsRing loop_joint R1 R1 _ _ L1 (@is_linear_snd R_AbsRing R2 R1)) (linear_plane a b)).
Qed.
(** The size of a point of the plane, by its coordinates. *)
Lemma plane_norm (x y : R) : Rabs x <= @norm R_AbsRing R2 (x, y) /\ Rabs y <= @norm R_AbsRing R2 (x, y) /\
  @norm R_AbsRing R2 (x, y) <= Rabs x + Rabs y.
Proof.
split; [exact (norm_fst (x, y)) | split; [exact (norm_snd (x, y))|]].
change (sqrt (Rabs x ^ 2 + Rabs y ^ 2) <= Rabs x + Rabs y).
assert (P := Rabs_pos x). assert (Q := Rabs_pos y).
rewrite <- (sqrt_square (Rabs x + Rabs y)) by lra. apply sqrt_le_1; nra.
Qed.
Lemma joint_norm (x y th : R) : Rabs x <= @norm R_AbsRing loop_joint ((x, y), th) /\
  Rabs y <= @norm R_AbsRing loop_joint ((x, y), th) /\ Rabs th <= @norm R_AbsRing loop_joint ((x, y), th).
Proof.
destruct (plane_norm x y) as [P1 [P2 _]].
destruct (@norm_prod R_AbsRing R2 R1 (x, y) th) as [Q _].
assert (Q1 : @norm R_AbsRing R2 (x, y) <= @norm R_AbsRing loop_joint ((x, y), th)) by (eapply Rle_trans; [apply Rmax_l | exact Q]).
assert (Q2 : Rabs th <= @norm R_AbsRing loop_joint ((x, y), th)) by (eapply Rle_trans; [apply Rmax_r | exact Q]).
repeat split; lra.
Qed.

(** [F] is bilinear; its remainder is the product of two displacements. *)
Lemma loop_derivative (x y th : R) :
  filterdiff (U := loop_joint) (V := R2) (vf_F loop) (locally (((x, y), th) : loop_joint))
    (fun h => (th * snd (fst h) + y * snd h, / 2 * fst (fst h) + 0 * snd (fst h))).
Proof.
apply (@diff_by_remainder loop_joint R2 _ _ _ 1). 2: lra.
apply linear_into_plane. apply linear_of_last. apply linear_of_first.
intros [[x' y'] th']. destruct (joint_norm (x' + - x) (y' + - y) (th' + - th)) as [_ [N2 N3]].
set (n := @norm R_AbsRing loop_joint (minus (x', y', th') (x, y, th))).
change (@norm R_AbsRing loop_joint ((x' + - x, y' + - y), th' + - th)) with n in N2, N3.
match goal with |- norm ?v <= _ => assert (E : v = ((th' + - th) * (y' + - y), 0)) end.
{ apply injective_projections; simpl.
  change (th' * y' + 1 + - (th * y + 1) + - (th * (y' + - y) + y * (th' + - th)) = (th' + - th) * (y' + - y)). ring.
  change (x' / 2 + - (x / 2) + - (/ 2 * (x' + - x) + 0 * (y' + - y)) = 0). field. }
rewrite E. eapply Rle_trans. apply plane_norm. rewrite Rabs_R0, Rplus_0_r, Rabs_mult, Rmult_1_l.
apply Rmult_le_compat; auto; apply Rabs_pos.
Qed.

Lemma loop_transposes : vf_transposes loop.
Proof.
split; [|split; [|split; [|split]]].
- exact (linear_into_plane (linear_plane 0 (/ 2)) (linear_plane 1 0)).
- assert (L := linear_plane 1 0).
  destruct L as [l1 l2 l3]. split.
  + intros [a b] [c d]. change (1 * (a + c) = 1 * a + 1 * c). ring.
  + intros k [a b]. change (1 * (k * a) = k * (1 * a)). ring.
  + exists 1. split. lra. intros [a b]. change (Rabs (1 * a) <= 1 * @norm R_AbsRing R2 (a, b)).
    rewrite !Rmult_1_l. apply plane_norm.
- intros [a b] [c d]. change ((1 * b + 1 * 0) * c + (/ 2 * a + 0 * b) * d = a * (0 * c + / 2 * d) + b * (1 * c + 0 * d)). ring.
- intros v [c d]. change ((1 * 0 + 1 * v) * c + (/ 2 * 0 + 0 * 0) * d = v * (1 * c)). ring.
- intros eps.
  assert (C : @continuous loop_joint R1 (fun z : loop_joint => snd (fst z)) ((2, 1), 1)).
  { apply linear_cont. exact (@is_linear_comp R_AbsRing loop_joint R2 R1 _ _ (@is_linear_fst R_AbsRing R2 R1) (@is_linear_snd R_AbsRing R1 R1)). }
  assert (N := proj1 (@flim_norm _ _ _ R1 _ _) C eps).
  refine (@filter_imp loop_joint (locally (((2, 1), 1) : loop_joint)) _ _ _ _ N). intros [[x y] th] Hy [a b].
  change (Rabs (y + - 1) < eps) in Hy.
  change (Rabs (y * a + - (1 * a)) <= eps * @norm R_AbsRing R2 (a, b)).
  replace (y * a + - (1 * a)) with ((y + - 1) * a) by ring. rewrite Rabs_mult.
  apply Rmult_le_compat; try apply Rabs_pos. lra. apply plane_norm.
Qed.

Lemma loop_loss : vf_loss_differentiable loop.
Proof.
split.
- apply (@gradient_by_remainder R2 _ _ _ _ 1). exact (is_inner_product_prod is_inner_product_R is_inner_product_R). lra.
  intros [x y]. destruct (plane_norm (x + - 2) (y + - 1)) as [_ [N _]].
  change (Rabs (y * y / 2 - 1 * 1 / 2 - (0 * (x + - 2) + 1 * (y + - 1))) <= 1 * (@norm R_AbsRing R2 (x + - 2, y + - 1) * @norm R_AbsRing R2 (x + - 2, y + - 1))).
  replace (y * y / 2 - 1 * 1 / 2 - (0 * (x + - 2) + 1 * (y + - 1))) with ((y + - 1) * (y + - 1) / 2) by field.
  unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos (y + - 1)). nra.
- apply (linear_cont (U := R2) (V := R2)). apply linear_into_plane. exact (@is_linear_zero R_AbsRing R2 R1). exact (@is_linear_snd R_AbsRing R1 R1).
Qed.
Lemma loop_continuous : vf_continuous_nearby loop.
Proof.
split; [|split]; apply filter_forall.
- intros [[x y] th]. exact (@continuous_of_diff loop_joint R2 _ _ _ (loop_derivative x y th)).
- intros s. apply (linear_cont (U := R2) (V := R2)). apply linear_into_plane. exact (@is_linear_zero R_AbsRing R2 R1). exact (@is_linear_snd R_AbsRing R1 R1).
- intros [z s'].
  change (@continuous (prod_NormedModule R_AbsRing loop_joint R2) R1 (fun p => snd (fst (fst p)) * (fst (snd p) + - fst (fst (fst p)))) (z, s')).
  assert (C1 : @continuous (prod_NormedModule R_AbsRing loop_joint R2) R2 (fun p => fst (fst p)) (z, s')).
  { apply linear_cont. exact (@is_linear_comp R_AbsRing _ loop_joint R2 _ _ (@is_linear_fst R_AbsRing loop_joint R2) (@is_linear_fst R_AbsRing R2 R1)). }
  apply (continuous_mult (K := R_AbsRing) (fun p : prod_NormedModule R_AbsRing loop_joint R2 => snd (fst (fst p)))
     (fun p => fst (snd p) + - fst (fst (fst p)))).
  + apply (@continuous_comp _ R2 R1 _ (fun s : R2 => snd s)). exact C1. apply linear_cont, is_linear_snd.
  + apply (continuous_plus (V := R1) (fun p : prod_NormedModule R_AbsRing loop_joint R2 => fst (snd p)) (fun p => - fst (fst (fst p)))).
    * apply linear_cont. exact (@is_linear_comp R_AbsRing _ R2 R1 _ _ (@is_linear_snd R_AbsRing loop_joint R2) (@is_linear_fst R_AbsRing R1 R1)).
    * apply (continuous_opp (V := R1) (fun p : prod_NormedModule R_AbsRing loop_joint R2 => fst (fst (fst p)))).
      apply (@continuous_comp _ R2 R1 _ (fun s : R2 => fst s)). exact C1. apply linear_cont, is_linear_fst.
Qed.

Theorem loop_meets_every_hypothesis :
  vf_meets_every_hypothesis loop /\ ~ (forall s, vf_J loop s = vf_Jt loop s).
Proof.
split.
- split; [|split; [exact loop_transposes | split; [exact loop_loss | split; [exact loop_continuous|]]]].
  + exact (loop_derivative 2 1 1).
  + unfold vf_settled; simpl. f_equal; field.
- intros H. assert (E := f_equal fst (H (0, 1))). change (1 * 1 + 1 * 0 = 0 * 0 + / 2 * 1) in E. lra.
Qed.

(** The second phase up to its second step, for a correction that leaves rest alone. *)
Lemma loop_Delta_1 (c : R2 -> R2) (beta eta : R) : c (2, 1) = (0, 0) -> beta <> 0 ->
  Delta_state_less loop c 1 beta eta =
  (- 1 - fst (c (2, 1 - beta)) / beta, beta - snd (c (2, 1 - beta)) / beta).
Proof.
intros Hc Hb.
assert (E1 : cvf_less loop c beta eta 1 = ((2, 1 - beta), 1)).
{ unfold cvf_less; simpl. unfold nudged_step, less; simpl. rewrite Hc.
  apply injective_projections; [apply injective_projections|]; simpl.
  - change (1 * 1 + 1 + - 0 + - (beta * 0) = 2). ring.
  - change (2 / 2 + - 0 + - (beta * 1) = 1 - beta). field.
  - change (1 + eta / beta * (1 * (1 * 1 + 1 + - 0 + - (beta * 0) + - 2)) = 1). ring. }
unfold Delta_state_less, Delta_s. change (1 + 1)%nat with 2%nat.
change (nudged_phase (less loop c) (vf_grad_ell loop) (vf_rule (vf_H loop)) (vf_s_star loop) (vf_theta loop) beta eta 2)
  with (nudged_step (less loop c) (vf_grad_ell loop) (vf_rule (vf_H loop)) beta eta (cvf_less loop c beta eta 1)).
change (nudged_phase (less loop c) (vf_grad_ell loop) (vf_rule (vf_H loop)) (vf_s_star loop) (vf_theta loop) beta eta 1)
  with (cvf_less loop c beta eta 1).
rewrite E1. unfold nudged_step, less; simpl. destruct (c (2, 1 - beta)) as [c1 c2]. simpl.
apply injective_projections; simpl.
- change (/ beta * (1 * (1 - beta) + 1 + - c1 + - (beta * 0) + - 2) = - 1 - c1 / beta). field; auto.
- change (/ beta * (2 / 2 + - c2 + - (beta * (1 - beta)) + - (1 - beta)) = beta - c2 / beta). field; auto.
Qed.
Lemma iterated_limit_fst (U V : NM) (D : R -> R -> prod_NormedModule R_AbsRing U V) (v : prod_NormedModule R_AbsRing U V) :
  iterated_limit D v -> iterated_limit (fun beta eta => fst (D beta eta)) (fst v).
Proof.
intros [D0 [H L]]. exists (fun b => fst (D0 b)). split.
- refine (@filter_imp R _ _ _ _ _ H). intros b Hb. exact (@flim_fst _ _ _ U V _ _ Hb).
- exact (@flim_fst _ _ _ U V _ _ L).
Qed.
Lemma iterated_limit_const (a : R) : iterated_limit (V := R1) (fun _ _ => a) a.
Proof.
apply (@iterated_limit_continuous (fun _ _ => a) (fun _ => a)).
intros b _. split. reflexivity. apply continuous_const. apply continuous_const.
Qed.
(** If the first coordinate of the update at [t = 1] is the same at every [beta] and [eta], that is its limit. *)
Lemma loop_limit_1 (c : R2 -> R2) (a : R) (v : R2) : c (2, 1) = (0, 0) ->
  (forall beta, beta <> 0 -> - 1 - fst (c (2, 1 - beta)) / beta = a) ->
  iterated_limit (Delta_state_less loop c 1) v -> fst v = a.
Proof.
intros Hc H L. apply (@iterated_limit_unique R1 (fun beta eta => fst (Delta_state_less loop c 1 beta eta))).
- exact (iterated_limit_fst L).
- eapply iterated_limit_ext; [|apply (iterated_limit_const a)].
  intros b e Hb _. change (a = fst (Delta_state_less loop c 1 b e)). rewrite (@loop_Delta_1 c b e Hc Hb). symmetry. exact (H b Hb).
Qed.

Lemma loop_nabla_s_1 : vf_is_nabla_s loop 1 (/ 2, 0).
Proof.
destruct loop_meets_every_hypothesis as [[A1 [A2 [A3 [_ A5]]]] _].
assert (X := proj1 (@vf_bptt_gradients loop A1 A2 A5 1 A3)).
assert (E : iterate (vf_Jt loop) 1 (vf_grad_ell loop (vf_s_star loop)) = (/ 2, 0)).
{ apply injective_projections; simpl; lra. }
rewrite <- E. exact X.
Qed.

(** Where plain C-VF goes, and corrected C-VF. *)
Theorem loop_plain_and_corrected :
  vf_is_nabla_s loop 1 (/ 2, 0) /\
  iterated_limit (corrected_Delta_state loop 1) (- / 2, - 0) /\
  (forall v : R2, iterated_limit (Delta_state_less loop (fun _ => (0, 0)) 1) v -> fst v = - 1).
Proof.
destruct loop_meets_every_hypothesis as [[A1 [A2 [A3 [A4 A5]]]] _].
split; [exact loop_nabla_s_1|]. split.
- exact (proj1 (@corrected_iterated_limit loop A1 A2 A5 1 _ _ A3 A4 loop_nabla_s_1 (proj2 (@vf_bptt_gradients loop A1 A2 A5 1 A3)))).
- intros v. apply loop_limit_1. reflexivity. intros b Hb. simpl. field; auto.
Qed.

(** The error bound in numbers.  The bounds hold everywhere, so the radius may be chosen. *)
Definition loop_data : problem_data :=
  {| norm_J := 1; norm_B := 1; norm_C := 1; remainder_F := 1; remainder_Phi_theta := 1;
     norm_grad := 1; lipschitz_grad := 1; radius := 26 |}.

Lemma plane_norm_eq (x y : R) : @norm R_AbsRing R2 (x, y) = sqrt (Rabs x ^ 2 + Rabs y ^ 2).
Proof. reflexivity. Qed.
Lemma loop_bounds : vf_bounds loop loop_data.
Proof.
assert (S : forall x, sqrt (Rabs x ^ 2 + Rabs 0 ^ 2) = Rabs x).
{ intros x. rewrite Rabs_R0. replace (Rabs x ^ 2 + 0 ^ 2) with (Rabs x ^ 2) by ring. apply sqrt_pow2, Rabs_pos. }
assert (S' : forall x, sqrt (Rabs 0 ^ 2 + Rabs x ^ 2) = Rabs x) by (intros x; rewrite Rplus_comm; apply S).
split; [|split; [|split; [|split; [|split; [|split]]]]]; cbn [loop_data norm_J norm_B norm_C remainder_F remainder_Phi_theta norm_grad lipschitz_grad].
- assert (Q : forall x y : R, sqrt (Rabs (0 * x + / 2 * y) ^ 2 + Rabs (1 * x + 0 * y) ^ 2) <= 1 * sqrt (Rabs x ^ 2 + Rabs y ^ 2)).
  { intros x y. rewrite (Rmult_1_l (sqrt _)). apply sqrt_le_1_alt. rewrite !pow2_abs. nra. }
  intros [x y]. exact (Q x y).
- assert (Q : forall v : R, @norm R_AbsRing R2 (1 * 0 + 1 * v, / 2 * 0 + 0 * 0) <= 1 * Rabs v).
  { intros v. rewrite plane_norm_eq. replace (1 * 0 + 1 * v) with v by ring. replace (/ 2 * 0 + 0 * 0) with 0 by ring. rewrite S. lra. }
  exact Q.
- intros [x y]. change (Rabs (1 * x) <= 1 * @norm R_AbsRing R2 (x, y)). rewrite (Rmult_1_l (norm _)), Rmult_1_l. apply plane_norm.
- intros [x y] th _ _.
  match goal with |- norm ?v <= _ => assert (E : v = ((th + - 1) * (y + - 1), 0)) end.
  { apply injective_projections; simpl.
    change (th * y + 1 + - 2 + - (1 * (y + - 1) + 1 * (th + - 1)) = (th + - 1) * (y + - 1)). ring.
    change (x / 2 + - 1 + - (/ 2 * (x + - 2) + 0 * (y + - 1)) = 0). field. }
  rewrite E, plane_norm_eq, S, Rabs_mult.
  destruct (plane_norm (x + - 2) (y + - 1)) as [_ [N _]].
  change (Rabs (th + - 1) * Rabs (y + - 1) <= 1 * (@norm R_AbsRing R2 (x + - 2, y + - 1) + Rabs (th + - 1)) ^ 2).
  assert (P := Rabs_pos (th + - 1)). assert (Q := Rabs_pos (y + - 1)). nra.
- intros [x y] th [a b] _ _.
  destruct (plane_norm (x + - 2) (y + - 1)) as [_ [N _]]. destruct (plane_norm a b) as [M _].
  change (Rabs (y * a + - (1 * a)) <= 1 * (@norm R_AbsRing R2 (x + - 2, y + - 1) + Rabs (th + - 1)) * @norm R_AbsRing R2 (a, b)).
  replace (y * a + - (1 * a)) with ((y + - 1) * a) by ring. rewrite Rabs_mult, Rmult_1_l.
  apply Rmult_le_compat; try apply Rabs_pos; auto. generalize (Rabs_pos (th + - 1)). lra.
- change (@norm R_AbsRing R2 (0, 1) <= 1). rewrite plane_norm_eq, S', Rabs_R1. lra.
- intros [x y] _. change (@norm R_AbsRing R2 (0 + - 0, y + - 1) <= 1 * @norm R_AbsRing R2 (x + - 2, y + - 1)).
  rewrite Rplus_opp_r, plane_norm_eq, S', Rmult_1_l. apply plane_norm.
Qed.

Theorem loop_error_bound (beta eta : R) : beta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
  norm (plus (corrected_Delta_state loop 1 beta eta) ((/ 2, 0) : R2)) <= 20 * (Rabs beta + Rabs (eta / beta)).
Proof.
intros Hb Hr. destruct loop_meets_every_hypothesis as [[A1 [A2 [A3 [_ A5]]]] _].
assert (P : nonnegative loop_data) by (unfold nonnegative; simpl; lra).
assert (E : state_constant loop_data 1 = 20).
{ unfold state_constant, state_error; simpl. unfold next_state_error, next_param_size; simpl. lra. }
assert (V : validity_radius loop_data 1 = 1).
{ unfold validity_radius, state_size, state_error, param_size; simpl. unfold next_state_error, next_param_size; simpl.
  rewrite Rmin_left. reflexivity. right. field. }
destruct (@corrected_error_bound loop A1 A2 A5 loop_data 1 _ _ A3 P loop_bounds loop_nabla_s_1 (proj2 (@vf_bptt_gradients loop A1 A2 A5 1 A3)) beta eta Hb
  ltac:(rewrite V; exact Hr)) as [X _].
rewrite E in X. exact X.
Qed.

(** ** The geometric bound in numbers, at [t = 15]

    In the box of half-width 1/50000, for [|beta|] and [|eta / beta|] up to [10^-6]. *)
Lemma loop_in_box : vf_bounds_in_box loop loop_box.
Proof.
destruct loop_bounds as [BJ [BB [_ [_ [_ [_ BL]]]]]].
assert (Y : forall x y : R, @norm R_AbsRing R2 (x + - 2, y + - 1) <= / 50000 -> Rabs (y + - 1) <= / 50000).
{ intros x y H. eapply Rle_trans. apply plane_norm. exact H. }
assert (Near : forall s th w, norm (minus s (vf_s_star loop)) <= / 50000 -> norm (minus th (vf_theta loop)) <= / 50000 ->
  norm (minus (vf_H loop (s, th) w) (vf_Bt loop w)) <= / 50000 * norm w).
{ intros [x y] th [a b] H1 _. change (Rabs (y * a + - (1 * a)) <= / 50000 * @norm R_AbsRing R2 (a, b)).
  replace (y * a + - (1 * a)) with ((y + - 1) * a) by ring. rewrite Rabs_mult.
  apply Rmult_le_compat; try apply Rabs_pos. exact (Y x y H1). apply plane_norm. }
split; [exact BJ|]. split; [exact BB|]. split; [|split; [|split; [exact Near|]]].
- intros s th w H1 H2.
  replace (vf_H loop (s, th) w) with (plus (minus (vf_H loop (s, th) w) (vf_Bt loop w)) (vf_Bt loop w)) by (generalize (vf_H loop (s, th) w) (vf_Bt loop w); intros; module (vf_Param loop)).
  eapply Rle_trans. apply norm_triangle.
  assert (B0 : norm (vf_Bt loop w) <= 1 * norm w) by exact (proj1 (proj2 (proj2 loop_bounds)) w).
  apply Rle_trans with (/ 50000 * norm w + 1 * norm w). apply Rplus_le_compat. exact (Near s th w H1 H2). exact B0. right. simpl. field.
- intros [x y] [x' y'] th th' H1 H1' H2 H2'. simpl box_curvature.
  match goal with |- norm ?v <= _ => assert (E : v = ((th' + - 1) * (y' + - y) + (y + - 1) * (th' + - th), 0)) end.
  { apply injective_projections; simpl.
    change (th' * y' + 1 + - (th * y + 1) + - (1 * (y' + - y) + 1 * (th' + - th)) = (th' + - 1) * (y' + - y) + (y + - 1) * (th' + - th)). ring.
    change (x' / 2 + - (x / 2) + - (/ 2 * (x' + - x) + 0 * (y' + - y)) = 0). field. }
  rewrite E. eapply Rle_trans. apply plane_norm. rewrite Rabs_R0, Rplus_0_r. eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
  destruct (plane_norm (x' + - x) (y' + - y)) as [_ [N _]].
  change (Rabs (th' + - 1) * Rabs (y' + - y) + Rabs (y + - 1) * Rabs (th' + - th) <= / 50000 * (@norm R_AbsRing R2 (x' + - x, y' + - y) + Rabs (th' + - th))).
  rewrite Rmult_plus_distr_l. apply Rplus_le_compat; apply Rmult_le_compat; try apply Rabs_pos; try apply Rle_refl.
  exact H2'. exact N. exact (Y x y H1).
- intros [x y] [x' y'] _ _. destruct (plane_norm (x' + - x) (y' + - y)) as [_ [N _]].
  change (@norm R_AbsRing R2 (0 + - 0, y' + - y) <= 1 * @norm R_AbsRing R2 (x' + - x, y' + - y)).
  rewrite Rplus_opp_r, Rmult_1_l. eapply Rle_trans. apply plane_norm. rewrite Rabs_R0. lra.
Qed.

Lemma box_total_pow (r : R) (t : nat) : box_total r t = sum_f_R0 (pow r) t.
Proof. induction t as [|t IH]; simpl. ring. rewrite IH. reflexivity. Qed.
Lemma box_total_mono (r r' : R) (t : nat) : 0 <= r <= r' -> box_total r t <= box_total r' t.
Proof.
intros H. induction t as [|t IH]; simpl. lra. apply Rplus_le_compat. exact IH. exact (pow_incr r r' (S t) H).
Qed.

Lemma loop_transposed (a b : R) : vf_Jt loop (a, b) = (/ 2 * b, a).
Proof. apply injective_projections. change (0 * a + / 2 * b = / 2 * b). ring. change (1 * a + 0 * b = a). ring. Qed.
Lemma loop_power_15 : iterate (vf_Jt loop) 15 (0, 1) = (/ 256, 0).
Proof. cbn [iterate]. rewrite !loop_transposed. apply (f_equal2 (@pair R R)); field. Qed.

Theorem loop_geometric_bound : Pinned.loop_geometric_bound.
Proof.
intros beta eta Hb Hh Hk. split; [exact loop_in_box|]. destruct loop_meets_every_hypothesis as [[A1 [A2 [A3 [_ A5]]]] _].
assert (P : box_nonnegative loop_box) by (unfold box_nonnegative; simpl; lra).
assert (Ph := Rabs_pos beta). assert (Pk := Rabs_pos (eta / beta)).
set (rate := box_Jt loop_box + box_drift loop_box (Rabs beta) (Rabs (eta / beta))).
assert (Hr : 1 <= rate <= 1 + 23 / 1000000).
{ unfold rate, box_drift; simpl. split; nra. }
assert (T : box_total rate 15 <= 17).
{ eapply Rle_trans. apply (@box_total_mono rate (1 + 23 / 1000000) 15). lra. simpl. lra. }
assert (T0 : 0 <= box_total rate 15).
{ eapply Rle_trans. 2: apply (@box_total_mono 0 rate 15); lra. simpl. lra. }
assert (R15 : rate ^ 15 <= (1 + 23 / 1000000) ^ 15) by (apply pow_incr; lra).
destruct (@vf_bptt_gradients loop A1 A2 A5 15 A3) as [G1 G2].
assert (G : iterate (vf_Jt loop) 15 (vf_grad_ell loop (vf_s_star loop)) = (/ 256, 0)) by exact loop_power_15.
split. rewrite <- G. exact G1.
assert (Hg : norm (vf_grad_ell loop (vf_s_star loop)) <= 1) by exact (proj1 (proj2 (proj2 (proj2 (proj2 (proj2 loop_bounds)))))).
assert (S1 : Rabs beta * (1 * box_total rate 15) <= box_state loop_box) by (simpl box_state; nra).
assert (S2 : Rabs (eta / beta) * (box_H loop_box * (Rabs beta * (1 * box_total rate 15))) <= box_param loop_box).
{ simpl box_param. simpl box_H. simpl box_state in S1. assert (0 <= Rabs beta * (1 * box_total rate 15)) by (apply Rmult_le_pos; lra). nra. }
destruct (@geometric_error loop loop_box A1 A2 A5 P loop_in_box beta eta 1 15 Hb Hg S1 S2 _ _ A3 G1 G2) as [X _].
rewrite G in X. eapply Rle_trans. exact X. fold rate. simpl box_Jt. rewrite pow1.
apply Rle_trans with ((1 + 23 / 1000000) ^ 15 - 1). lra. simpl. lra.
Qed.

(** ** What the correction must be

    Each of these altered corrections is wrong at the first or the second step. *)
Lemma misses_at_step_1 (c : forall N : vector_field, vf_State N -> vf_State N) (a : R) : c loop (2, 1) = (0, 0) ->
  (forall beta, beta <> 0 -> - 1 - fst (c loop (2, 1 - beta)) / beta = a) -> a <> - / 2 -> misses c.
Proof.
intros Hc H Ha. exists loop, 1%nat, (/ 2, 0). split; [exact (proj1 loop_meets_every_hypothesis)|]. split; [exact loop_nabla_s_1|].
intros L. apply Ha. symmetry. exact (loop_limit_1 Hc H L).
Qed.

(** [J] and [J^T] exchanged; half the correction; none. *)
Theorem exchanged_correction_misses : misses (fun N s => opp (asymmetry N s)).
Proof.
apply (@misses_at_step_1 _ (- 3 / 2)). 3: lra.
- apply injective_projections; simpl.
  change (- (1 * (1 + - 1) + 1 * 0 + - (0 * (2 + - 2) + / 2 * (1 + - 1))) = 0). field.
  change (- (/ 2 * (2 + - 2) + 0 * (1 + - 1) + - (1 * (2 + - 2) + 0 * (1 + - 1))) = 0). field.
- intros b Hb.
  change (- 1 - - (1 * (1 - b + - 1) + 1 * 0 + - (0 * (2 + - 2) + / 2 * (1 - b + - 1))) / b = - 3 / 2). field; auto.
Qed.
Theorem halved_correction_misses : misses (fun N s => scal (/ 2 : R_AbsRing) (asymmetry N s)).
Proof.
apply (@misses_at_step_1 _ (- 3 / 4)). 3: lra.
- apply injective_projections; simpl.
  change (/ 2 * (1 * (1 + - 1) + 1 * 0 + - (0 * (2 + - 2) + / 2 * (1 + - 1))) = 0). field.
  change (/ 2 * (/ 2 * (2 + - 2) + 0 * (1 + - 1) + - (1 * (2 + - 2) + 0 * (1 + - 1))) = 0). field.
- intros b Hb.
  change (- 1 - / 2 * (1 * (1 - b + - 1) + 1 * 0 + - (0 * (2 + - 2) + / 2 * (1 - b + - 1))) / b = - 3 / 4). field; auto.
Qed.
Theorem plain_misses : misses (fun N _ => zero).
Proof.
apply (@misses_at_step_1 _ (- 1)). 3: lra. reflexivity.
intros b Hb. change (- 1 - 0 / b = - 1). field; auto.
Qed.

(** Anchored at 0 in the place of [s_star]: the first update grows as [1 / beta]. *)
Theorem correction_anchored_at_0_misses : misses (fun N s => minus (vf_J N s) (vf_Jt N s)).
Proof.
exists loop, 0%nat, (0, 1). destruct (proj1 loop_meets_every_hypothesis) as [A1 [A2 [A3 [A4 A5]]]].
split; [exact (proj1 loop_meets_every_hypothesis)|]. split. exact (proj1 (@vf_bptt_gradients loop A1 A2 A5 0 A3)).
intros L.
destruct (iterated_limit_fst L) as [D0 [H L0]].
assert (E : locally' (0:R) (fun b : R => D0 b = - / (2 * b))).
{ refine (@filter_imp R _ _ _ _ _ (filter_and _ _ ne0' H)). intros b [Hb Lb].
  apply (@punctured_limit_unique R1 _ _ _ Lb). eapply filterlim_ext; [|apply filterlim_const]. intros e.
  change (- / (2 * b) = / b * (1 * 1 + 1 + - (1 * 1 + 1 * 0 + - (0 * 2 + / 2 * 1)) + - (b * 0) + - 2)). field; auto. }
assert (N := proj1 (@flim_norm _ _ _ R1 _ _) L0 (mkposreal 1 Rlt_0_1)).
assert (S : locally' (0:R) (fun b : R => Rabs b < / 4)).
{ apply locally'_le. assert (P : 0 < / 4) by lra. exists (mkposreal _ P). intros y Hy. change (Rabs (y + - 0) < / 4) in Hy.
  now rewrite Ropp_0, Rplus_0_r in Hy. }
destruct (@filter_ex R (locally' (0:R)) (Rbar_locally'_filter 0) _ (filter_and _ _ (filter_and _ _ ne0' E) (filter_and _ _ N S))) as [b [[Hb Eb] [Nb Sb]]].
rewrite Eb in Nb. change (Rabs (- / (2 * b) + - - 0) < 1) in Nb. rewrite Ropp_0, Ropp_0, Rplus_0_r, Rabs_Ropp, Rabs_Rinv, Rabs_mult, (Rabs_right 2) in Nb by lra.
assert (P := Rabs_pos_lt b Hb). apply (Rmult_lt_compat_r (2 * Rabs b)) in Nb. 2: lra. rewrite Rinv_l in Nb by lra. lra.
Qed.
