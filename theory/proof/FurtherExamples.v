(** * Examples for the further theorems

    - [loop_at_fixed_ratio], [coupled_weight_does_not_telescope]: C-VF with a weight between two
      neurons: its limit in numbers, and that its updates do not telescope.
    - [leaky_tends_to_ep], [leaky_stable_iff]: one linear neuron; the two-sided bound in numbers.
    - [two_layers_ratios]: a ratio of 1 on the hidden layer leaves the steps 0 and 1 right, and shows
      at step 2.
    - [tanh_pair_meets_every_hypothesis]: two tanh neurons whose weights differ, for corrected C-VF.
    - [layered_second_order], [leaky_single_and_centred]: the hypotheses of the centred estimator are
      met, and one run has an error of first order. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LearningRules LinearResponse Network AugmentedPrimitive.
From CEP Require Import VectorFieldNetwork CorrectedVectorField Stability Examples OrderOfLimitsExamples Counterexamples CorrectedExample.
From CEP Require Import FurtherVocabulary FurtherStatements RnVectorField.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** C-VF with a coupled weight, at a fixed ratio *)

Lemma straight_ratio (kappa : R) : kappa <> 0 ->
  locally' (0:R) (fun b : R => kappa * b <> 0) /\ filterlim (fun b : R => kappa * b / b) (locally' (0:R)) (locally kappa).
Proof. intros Hk. destruct (OrderOfLimits.straight_path_facts Hk) as [A [B _]]. auto. Qed.

Theorem loop_at_fixed_ratio : Pinned.loop_at_fixed_ratio.
Proof.
intros kappa Hk. destruct (straight_ratio Hk) as [K1 K2].
destruct loop_meets_every_hypothesis as [[A1 [A2 [A3 [A4 A5]]]] _].
destruct (@vector_field_joint_limit loop R (locally' (0:R)) _ (fun b => b) (fun b => kappa * b) kappa 2%nat A1 A2 (proj2 A3) A5 id_to0' ne0' K1 K2) as [L1 _].
destruct (@joint_limit_without_symmetry loop R (locally' (0:R)) _ (fun b => b) (fun b => kappa * b) kappa 2%nat A1 A2 (proj2 A3) A5 id_to0' ne0' K1 K2) as [L2 _].
split; [|split].
- assert (X := proj1 (@vf_bptt_gradients loop A1 A2 A5 2 A3)).
  match type of X with vf_is_nabla_s _ _ ?v => assert (E : v = (0, / 2)) by (apply injective_projections; simpl; lra) end.
  rewrite <- E. exact X.
- match type of L1 with filterlim _ _ (locally ?v) => assert (E : v = opp ((kappa, / 2) : R2)) end.
  { apply f_equal. apply injective_projections; cbn; unfold plus, scal, zero; simpl; unfold mult; simpl; try field. }
  rewrite <- E. exact L1.
- match type of L2 with filterlim _ _ (locally ?v) => assert (E : v = opp ((kappa / 2, / 2) : R2)) end.
  { apply f_equal. apply injective_projections; cbn; unfold plus, scal, zero; simpl; unfold mult; simpl; try field. }
  rewrite <- E. exact L2.
Qed.

(** In C-EP the updates telescope, [theta_t - kappa phi(s_t)] is constant ([conservation_law]).  The
    weight from [y] to [x] is read at the moving [y], and no function of the state is conserved so. *)
Theorem coupled_weight_does_not_telescope : Pinned.coupled_weight_does_not_telescope.
Proof.
cbv delta [Pinned.coupled_weight_does_not_telescope]. intros phase [phi H].
(* two runs that pass through the state (2, 17/8), the second with other parameters *)
assert (Step : forall (beta eta x y th : R) (t : nat), phase beta eta t = ((x, y), th) ->
  phase beta eta (S t) = ((th * y + 1 + - (beta * 0), x / 2 + - (beta * y)), th + eta / beta * (y * (th * y + 1 + - (beta * 0) + - x)))).
{ intros beta eta x y th t E.
  change (phase beta eta (S t)) with (nudged_step (vf_F loop) (vf_grad_ell loop) (vf_rule (vf_H loop)) beta eta (phase beta eta t)).
  rewrite E. reflexivity. }
assert (E1 : phase (- (9 / 8)) 1 1%nat = ((2, 17 / 8), 1)).
{ rewrite (Step _ _ 2 1 1 0%nat eq_refl). repeat apply injective_projections; simpl; field. }
assert (F1 : phase (- / 2) (2 / 7) 1%nat = ((2, 3 / 2), 1)).
{ rewrite (Step _ _ 2 1 1 0%nat eq_refl). repeat apply injective_projections; simpl; field. }
assert (F2 : phase (- / 2) (2 / 7) 2%nat = ((5 / 2, 7 / 4), 4 / 7)).
{ rewrite (Step _ _ _ _ _ _ F1). repeat apply injective_projections; simpl; field. }
assert (E2 : phase (- / 2) (2 / 7) 3%nat = ((2, 17 / 8), 15 / 14)).
{ rewrite (Step _ _ _ _ _ _ F2). repeat apply injective_projections; simpl; field. }
assert (C1 := H (- (9 / 8)) 1 1%nat ltac:(lra)). assert (C2 := H (- / 2) (2 / 7) 3%nat ltac:(lra)).
rewrite E1 in C1. rewrite E2 in C2. simpl in C1, C2.
replace (2 / 7 / - / 2) with (- (4 / 7)) in C2 by field. replace (1 / - (9 / 8)) with (- (8 / 9)) in C1 by field. lra.
Qed.

(** ** One linear neuron *)

Lemma leaky_along_ep (beta : R) : continuous_along_ep leaky beta.
Proof.
intros t. split; [|split].
- exact (@continuous_of_diff (joint leaky) R1 _ _ _ (@affine_plane_diff (F leaky) (/ 2) 1 0 (ep leaky beta t, 1 / 2) ltac:(intros x y; simpl; field))).
- exact (@continuous_of_diff (joint leaky) R1 _ _ _ (@affine_plane_diff (Phi_theta leaky) 1 0 0 (ep leaky beta t, 1 / 2) ltac:(intros x y; simpl; field))).
- apply minus_const_continuous.
Qed.
(** At [beta = 1], far from a limit in [beta]: EP's second state and its update after two steps. *)
Theorem leaky_tends_to_ep : Pinned.leaky_tends_to_ep.
Proof.
destruct (@FurtherStatements.cep_tends_to_ep leaky (fun v => v) 1 2%nat is_linear_id R1_neq_R0 (leaky_along_ep 1)) as [L1 L2].
assert (E : ep leaky 1 2 = 1 / 2) by (cbn; unfold minus, plus, opp, scal; simpl; unfold mult; simpl; field).
rewrite E in L1. split. exact L1.
match type of L2 with filterlim _ _ (locally ?v) => assert (E2 : v = - / 2) end.
{ rewrite E. cbn. unfold minus, plus, opp, scal; simpl; unfold mult; simpl. field. }
rewrite <- E2. exact L2.
Qed.

(** Its updates at [eta = kappa beta] tend to [- (1/2 + kappa)^t] ([leaky_at_fixed_ratio]): both signs of
    [kappa] have a bound, and they differ. *)
Theorem leaky_stable_iff : Pinned.leaky_stable_iff.
Proof.
intros kappa.
destruct (@FurtherStatements.two_sided_bound leaky _ _ (/ 2) 1 kappa 1 (leaky_primitive 1 (1 / 2)) (leaky_derivatives 1 (1 / 2))) as [_ H].
- change (/ 2 * 1 + 1 * 0 = / 2 * 1). ring.
- change (/ 2 * 0 + 1 * (1 * 1 + 0 * 0) = 1 * 1). ring.
- change (1 * 1 + 0 * 0 <> 0). lra.
- change ((1 - 0) * 1 <> 0). lra.
- assert (E : forall t, dot_state leaky (opp (iterate (fun y : R1 => plus (dF_ds (State := R1) (Param := R1) (fun h => / 2 * fst h + 1 * snd h) y)
     (scal (kappa : R_AbsRing) (dF_dtheta (State := R1) (Param := R1) (fun h => / 2 * fst h + 1 * snd h)
        (dPhi_theta_ds (State := R1) (Param := R1) (fun h => 1 * fst h + 0 * snd h) y)))) t (grad_ell leaky (s_star leaky)))) 1 = - (/ 2 + kappa) ^ t).
  { intros t. rewrite (@iterate_times (/ 2 + kappa)). change (- ((/ 2 + kappa) ^ t * (1 - 0)) * 1 = - (/ 2 + kappa) ^ t). ring.
    intros y. change (/ 2 * y + 1 * 0 + kappa * (/ 2 * 0 + 1 * (1 * y + 0 * 0)) = (/ 2 + kappa) * y). ring. }
  replace (- (1 + / 2) / 1) with (- (3 / 2)) in H by field. replace ((1 - / 2) / 1) with (/ 2) in H by field.
  rewrite <- H. split; apply is_lim_seq_ext; intros t; rewrite E; reflexivity.
Qed.

(** ** Two layers, one rate each *)

Notation P2 := (Rn 1).
Definition two_layers_DF (h : P2 * P2) : P2 := plus (matrix 0 (/ 2) (/ 2) 0 (fst h)) (matrix 1 0 0 1 (snd h)).

Lemma two_layers_data :
  has_primitive_function two_layers /\ derivatives two_layers two_layers_DF (fun h => matrix 1 0 0 1 (fst h)) /\ loss_differentiable two_layers /\ settled two_layers /\
  forall t, is_nabla_s two_layers t (iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0)) /\
            is_nabla_theta two_layers t (matrix 1 0 0 1 (iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0))).
Proof.
assert (S : forall x y : P2, dot 1 (matrix 0 (/ 2) (/ 2) 0 x) y = dot 1 x (matrix 0 (/ 2) (/ 2) 0 y)).
{ intros [x1 x2] [y1 y2]. unfold matrix, dot, product_inner; simpl. ring. }
assert (A : forall v y : P2, dot 1 (matrix 1 0 0 1 v) y = dot 1 v (matrix 1 0 0 1 y)).
{ intros [x1 x2] [y1 y2]. unfold matrix, dot, product_inner; simpl. ring. }
split; [|split; [|split; [|split]]].
- exact (@quadratic_primitive P2 P2 (dot 1) (dot 1) 2 (is_inner_product_Rn 1) (is_inner_product_Rn 1) two_pos dot_bound _ _ _
    (matrix_linear 0 (/ 2) (/ 2) 0) (matrix_linear 1 0 0 1) S A (1, 0)).
- exact (@quadratic_derivatives P2 P2 (dot 1) (dot 1) (is_inner_product_Rn 1) (is_inner_product_Rn 1) _ _ _
    (matrix_linear 0 (/ 2) (/ 2) 0) (matrix_linear 1 0 0 1) (matrix_linear 1 0 0 1) (1, 0)).
- exact (@quadratic_loss P2 P2 (dot 1) (dot 1) 2 (is_inner_product_Rn 1) (is_inner_product_Rn 1) two_pos dot_bound _ _ _ (1, 0)).
- exact (@quadratic_settled P2 P2 (dot 1) (dot 1) (is_inner_product_Rn 1) (is_inner_product_Rn 1) _ _ _
    (matrix_linear 0 (/ 2) (/ 2) 0) (matrix_linear 1 0 0 1) (1, 0)).
- exact (@quadratic_nabla P2 P2 (dot 1) (dot 1) 2 (is_inner_product_Rn 1) (is_inner_product_Rn 1) two_pos dot_bound _ _ _
    (matrix_linear 0 (/ 2) (/ 2) 0) (matrix_linear 1 0 0 1) (matrix_linear 1 0 0 1) S A (1, 0)).
Qed.

Lemma two_layers_projections : layers two_layers 2 bias_of.
Proof.
intros l Hl. split; [|split].
- destruct l; apply matrix_linear.
- intros [u1 u2] [v1 v2]. destruct l; cbn; unfold product_inner; simpl; ring.
- intros m Hm [v1 v2]. destruct l as [|[|l]]; [| |lia]; (destruct m as [|[|m]]; [| |lia]);
    apply injective_projections; cbn; unfold zero; simpl; ring.
Qed.

(** The rates do not vanish, their ratios are bounded, and they are of one sign. *)
Lemma output_ratio : filterlim (fun b : R => rate_of 0 b / b) (locally' (0:R)) (locally (0:R)).
Proof.
eapply filterlim_ext_loc; [|exact id_to0']. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. field; auto.
Qed.
Lemma hidden_ratio : locally' (0:R) (fun b : R => Rabs (rate_of 1 b / b) = 1).
Proof.
refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. unfold Rdiv. rewrite Rabs_mult, Rabs_Rabsolu, Rabs_inv.
apply Rinv_r. now apply Rabs_no_R0.
Qed.
Lemma two_layers_rates :
  (forall l, (l < 2)%nat -> locally' (0:R) (fun b => rate_of l b <> 0)) /\
  (forall l, (l < 2)%nat -> exists C, locally' (0:R) (fun b => Rabs (rate_of l b / b) <= C)) /\
  (forall l m, (l < 2)%nat -> (m < 2)%nat -> locally' (0:R) (fun b => 0 <= rate_of l b * rate_of m b)).
Proof.
split; [|split].
- intros l _. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. destruct l; simpl. now apply Rmult_integral_contrapositive_currified.
  now apply Rabs_no_R0.
- intros l Hl. exists 1. destruct l as [|[|l]]; [| |lia].
  + assert (X := proj1 (@flim_norm R (locally' (0:R)) _ R1 _ _) output_ratio (mkposreal 1 Rlt_0_1)).
    refine (@filter_imp R (locally' (0:R)) _ _ _ _ X). intros b Hb. change (Rabs (rate_of 0 b / b + - 0) < 1) in Hb. rewrite Ropp_0, Rplus_0_r in Hb. lra.
  + refine (@filter_imp R (locally' (0:R)) _ _ _ _ hidden_ratio). intros b Hb. rewrite Hb. lra.
- intros l m _ _. apply filter_forall. intros b. assert (P := Rabs_pos b). apply Rmult_le_pos; [destruct l | destruct m]; simpl; nra.
Qed.

(** [kappa_o -> 0] and [|kappa_h| = 1]: the hidden layer receives its first signal at the step 1, and its
    ratio shows at the step 2, not before. *)
Theorem two_layers_ratios : Pinned.two_layers_ratios.
Proof.
cbv delta [Pinned.two_layers_ratios]. intros right. destruct two_layers_data as [A1 [A2 [A3 [A5 G]]]]. destruct two_layers_rates as [N0 [Bd Sg]].
assert (O := fun t => proj1 (@FurtherStatements.order_of_limits_per_layer two_layers
  (fun t => iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0)) (fun t => matrix 1 0 0 1 (iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0)))
  two_layers_DF (fun h => matrix 1 0 0 1 (fst h)) 2%nat bias_of R (locally' (0:R)) _ (fun b => b) rate_of t A1 A2 A3 A5
  (fun i => proj1 (G i)) (fun i => proj2 (G i)) two_layers_projections id_to0' ne0' N0 Bd Sg)).
split.
- apply (proj2 (O 1%nat)). intros l Hl [i [Hi Hne]]. destruct l as [|[|l]]; [exact output_ratio | | lia].
  exfalso. apply Hne. assert (i = 0)%nat by lia. subst i. apply injective_projections; cbn; unfold zero; simpl; ring.
- intros H. assert (V := proj1 (O 2%nat) H 1%nat ltac:(lia)).
  assert (L : filterlim (fun b => rate_of 1 b / b) (locally' (0:R)) (locally (0:R))).
  { apply V. exists 1%nat. split. lia. intros E. apply (f_equal snd) in E. cbn in E. unfold zero in E; simpl in E. lra. }
  assert (X := proj1 (@flim_norm R (locally' (0:R)) _ R1 _ _) L (mkposreal 1 Rlt_0_1)).
  destruct (@filter_ex R (locally' (0:R)) (Rbar_locally'_filter 0) _ (filter_and _ _ X hidden_ratio)) as [b [B1 B2]].
  change (Rabs (rate_of 1 b / b + - 0) < 1) in B1. rewrite Ropp_0, Rplus_0_r in B1. lra.
Qed.

(** ** The centred estimator *)

(** One linear neuron at [t = 1]: a single run is wrong by [beta - kappa], the mean of two by nothing. *)
Theorem leaky_single_and_centred : Pinned.leaky_single_and_centred.
Proof.
intros beta eta Hb. assert (E := leaky_Delta_1 eta Hb). split.
rewrite E. change (- / 2 - eta / beta + beta = - / 2 + (beta - eta / beta)). ring.
unfold centred_Delta_state. assert (E' := @leaky_Delta_1 (- beta) eta ltac:(lra)). rewrite E, E'.
change (/ 2 * (- / 2 - eta / beta + beta + (- / 2 - eta / - beta + - beta)) = - / 2). field; auto.
Qed.

(** A map without a quadratic part. *)
Lemma second_order_of_linear (U V : NM) (f l : U -> V) (p : U) : is_linear l ->
  (forall q, minus (minus (f q) (f p)) (l (minus q p)) = zero) -> has_second_order U V f p l (fun _ => zero).
Proof.
intros Hl HR. split; [exact Hl|]. split; [|split].
- intros c h. symmetry. apply (sc_zero V).
- exists 0. split. lra. intros h h'. assert (E : minus (zero : V) zero = zero) by module V. rewrite E, norm_zero. lra.
- exists 0. split. lra. apply filter_forall. intros q. rewrite plus_zero_r, HR, norm_zero. lra.
Qed.
Lemma leaky_second_order : exists DF DPhi_theta QF QPhi hessian, second_order_at_rest leaky DF DPhi_theta QF QPhi hessian.
Proof.
exists (fun h => / 2 * fst h + 1 * snd h), (fun h => 1 * fst h + 0 * snd h), (fun _ => 0), (fun _ => 0), (fun h => h).
split; [|split; [|split]].
- apply second_order_of_linear. exact (linear_plane (/ 2) 1). intros [x y].
  change (x / 2 + y - (1 / 2 + 1 / 2) - (/ 2 * (x - 1) + 1 * (y - 1 / 2)) = 0). field.
- apply second_order_of_linear. exact (linear_plane 1 0). intros [x y].
  change (x - 1 - (1 * (x - 1) + 0 * (y - 1 / 2)) = 0). ring.
- apply is_linear_id.
- exists 0. split. lra. apply filter_forall. intros s.
  change (Rabs (s - 0 - (1 - 0) - (s - 1)) <= 0 * (Rabs (s - 1) * Rabs (s - 1))). replace (s - 0 - (1 - 0) - (s - 1)) with 0 by ring.
  rewrite Rabs_R0. lra.
Qed.

(** A product of two coordinates is quadratic, and Lipschitz on bounded sets. *)
Lemma product_lipschitz (a b a' b' n n' d : R) : Rabs a <= n -> Rabs b <= n -> Rabs a' <= n' -> Rabs b' <= n' ->
  Rabs (a' - a) <= d -> Rabs (b' - b) <= d -> Rabs (a' * b' - a * b) <= (n + n') * d.
Proof.
intros A B A' B' Da Db. replace (a' * b' - a * b) with (a' * (b' - b) + (a' - a) * b) by ring.
eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
assert (P1 := Rabs_pos a'). assert (P2 := Rabs_pos b). assert (P3 := Rabs_pos (a' - a)). assert (P4 := Rabs_pos (b' - b)).
assert (Rabs a' * Rabs (b' - b) <= n' * d) by (apply Rmult_le_compat; auto).
assert (Rabs (a' - a) * Rabs b <= d * n) by (apply Rmult_le_compat; auto). lra.
Qed.

Section LayeredSecondOrder.
Notation Z := (prod_NormedModule R_AbsRing P2 P2).
Lemma coordinates (h o w b : R) : let n := @norm R_AbsRing Z ((h, o), (w, b)) in
  Rabs h <= n /\ Rabs o <= n /\ Rabs w <= n /\ Rabs b <= n.
Proof.
intros n. destruct (plane_norm h o) as [H1 [H2 _]]. destruct (plane_norm w b) as [H3 [H4 _]].
destruct (@norm_prod R_AbsRing P2 P2 (h, o) (w, b)) as [Q _].
assert (Q1 : @norm R_AbsRing P2 (h, o) <= n) by (eapply Rle_trans; [apply Rmax_l | exact Q]).
assert (Q2 : @norm R_AbsRing P2 (w, b) <= n) by (eapply Rle_trans; [apply Rmax_r | exact Q]).
repeat split; eapply Rle_trans; eassumption.
Qed.

(** A map into the plane whose remainder is a pair of products. *)
Lemma second_order_of_products (f l Q : P2 * P2 -> P2) (p : Z) (x1 y1 x2 y2 : P2 * P2 -> R) :
  is_linear (U := Z) (V := P2) l ->
  (forall k z, x1 (scal (k : R_AbsRing) (z : Z)) = k * x1 z /\ y1 (scal (k : R_AbsRing) (z : Z)) = k * y1 z /\
               x2 (scal (k : R_AbsRing) (z : Z)) = k * x2 z /\ y2 (scal (k : R_AbsRing) (z : Z)) = k * y2 z) ->
  (forall z, Rabs (x1 z) <= @norm R_AbsRing Z z /\ Rabs (y1 z) <= @norm R_AbsRing Z z /\
             Rabs (x2 z) <= @norm R_AbsRing Z z /\ Rabs (y2 z) <= @norm R_AbsRing Z z) ->
  (forall z z', x1 (minus (z' : Z) z) = x1 z' - x1 z /\ y1 (minus (z' : Z) z) = y1 z' - y1 z /\
                x2 (minus (z' : Z) z) = x2 z' - x2 z /\ y2 (minus (z' : Z) z) = y2 z' - y2 z) ->
  (forall z, Q z = (x1 z * y1 z, x2 z * y2 z)) ->
  (forall q, minus (minus (f q) (f p)) (plus (l (minus (q : Z) p)) (Q (minus (q : Z) p))) = zero) ->
  has_second_order Z P2 f p l Q.
Proof.
intros Hl Hs Hn Hd HQ HR. split; [exact Hl|]. split; [|split].
- intros c h. rewrite !HQ. destruct (Hs c h) as [-> [-> [-> ->]]].
  apply injective_projections; cbn; unfold scal; simpl; unfold mult; simpl; ring.
- exists 2. split. lra. intros h h'. rewrite !HQ.
  destruct (Hn h) as [A1 [A2 [A3 A4]]]. destruct (Hn h') as [B1 [B2 [B3 B4]]].
  destruct (Hn (minus (h' : Z) h)) as [C1 [C2 [C3 C4]]]. destruct (Hd h h') as [D1 [D2 [D3 D4]]]. rewrite D1 in C1. rewrite D2 in C2. rewrite D3 in C3. rewrite D4 in C4.
  change (minus (x1 h' * y1 h', x2 h' * y2 h') (x1 h * y1 h, x2 h * y2 h)) with ((x1 h' * y1 h' - x1 h * y1 h, x2 h' * y2 h' - x2 h * y2 h) : P2).
  eapply Rle_trans. apply plane_norm.
  assert (E1 := @product_lipschitz _ _ _ _ _ _ _ A1 A2 B1 B2 C1 C2). assert (E2 := @product_lipschitz _ _ _ _ _ _ _ A3 A4 B3 B4 C3 C4). lra.
- exists 0. split. lra. apply filter_forall. intros q. rewrite (HR q). rewrite (@norm_zero R_AbsRing P2). lra.
Qed.

(** The layered network of [Examples.v], with a symmetric weight [w] between hidden [h] and output [o]. *)
Theorem layered_second_order : Pinned.layered_second_order.
Proof.
exists (fun d => (/ 2 * fst (fst d) + (fst (snd d) * 4 + / 4 * snd (fst d)) + snd (snd d), / 2 * snd (fst d) + (fst (snd d) * 8 + / 4 * fst (fst d)))).
exists (fun d => (fst (fst d) * 4 + 8 * snd (fst d), fst (fst d))).
exists (fun d => (fst (snd d) * snd (fst d), fst (snd d) * fst (fst d))).
exists (fun d => (fst (fst d) * snd (fst d), 0 * fst (fst d))).
exists (fun d => (0, snd d)).
assert (L : forall a b c d : R, is_linear (U := Z) (V := R1) (fun z => a * fst (fst z) + b * snd (fst z) + (c * fst (snd z) + d * snd (snd z)))).
{ intros a b c d.
  assert (L1 := @is_linear_comp R_AbsRing Z P2 R1 _ _ (@is_linear_fst R_AbsRing P2 P2) (linear_plane a b)).
  assert (L2 := @is_linear_comp R_AbsRing Z P2 R1 _ _ (@is_linear_snd R_AbsRing P2 P2) (linear_plane c d)).
  exact (@is_linear_comp R_AbsRing Z _ R1 _ _ (@is_linear_prod R_AbsRing Z R1 R1 _ _ L1 L2) (@is_linear_plus R_AbsRing R1)). }
assert (L' : forall a b c d a' b' c' d' : R, is_linear (U := Z) (V := P2)
  (fun z => (a * fst (fst z) + b * snd (fst z) + (c * fst (snd z) + d * snd (snd z)), a' * fst (fst z) + b' * snd (fst z) + (c' * fst (snd z) + d' * snd (snd z))))).
{ intros. exact (@is_linear_prod R_AbsRing Z R1 R1 _ _ (L a b c d) (L a' b' c' d')). }
split; [|split; [|split]].
- apply (@second_order_of_products _ _ _ _ (fun d => fst (snd d)) (fun d => snd (fst d)) (fun d => fst (snd d)) (fun d => fst (fst d))).
  + eapply is_linear_ext; [|apply (L' (/ 2) (/ 4) 4 1 (/ 4) (/ 2) 8 0)].
    intros [[h o] [w b]]. apply injective_projections; simpl; ring.
  + intros k [[h o] [w b]]. repeat split.
  + intros [[h o] [w b]]. destruct (coordinates h o w b) as [A1 [A2 [A3 A4]]]. auto.
  + intros [[h o] [w b]] [[h' o'] [w' b']]. repeat split.
  + reflexivity.
  + intros [[h o] [w b]]. apply injective_projections; cbn; unfold minus, plus, opp, zero; simpl; field.
- apply (@second_order_of_products _ _ _ _ (fun d => fst (fst d)) (fun d => snd (fst d)) (fun d => 0) (fun d => fst (fst d))).
  + eapply is_linear_ext; [|apply (L' 4 8 0 0 1 0 0 0)].
    intros [[h o] [w b]]. apply injective_projections; simpl; ring.
  + intros k [[h o] [w b]]. repeat split. simpl. ring.
  + intros [[h o] [w b]]. destruct (coordinates h o w b) as [A1 [A2 [A3 A4]]]. rewrite Rabs_R0. repeat split; auto. apply norm_ge_0.
  + intros [[h o] [w b]] [[h' o'] [w' b']]. repeat split. ring.
  + reflexivity.
  + intros [[h o] [w b]]. apply injective_projections; cbn; unfold minus, plus, opp, zero; simpl; field.
- apply (@is_linear_prod R_AbsRing P2 R1 R1). apply (@is_linear_zero R_AbsRing P2 R1). apply (@is_linear_snd R_AbsRing R1 R1).
- exists 0. split. lra. apply filter_forall. intros [h o].
  match goal with |- norm ?v <= _ => assert (E : v = zero) end.
  { apply injective_projections; cbn; unfold minus, plus, opp, zero; simpl; ring. }
  rewrite E. eapply Rle_trans. right. exact (@norm_zero R_AbsRing P2). lra.
Qed.
End LayeredSecondOrder.

(** ** Two tanh neurons with any two weights *)

Section TanhPair.
Variables a b w v target : R.
Notation Z := (prod_NormedModule R_AbsRing P2 P2).
Local Notation D1 z := (1 - tanh_x a b w v z * tanh_x a b w v z).
Local Notation D2 z := (1 - tanh_y a b w v z * tanh_y a b w v z).

Lemma tanh_x_rule (z : Z) : @differential Z z (tanh_x a b w v) (fun h => (fst (snd h) * snd (fst z) + fst (snd z) * snd (fst h)) * D1 z).
Proof.
apply (@differential_ext Z z _ (fun h => (fst (snd h) * snd (fst z) + fst (snd z) * snd (fst h) + 0) * D1 z)).
2: intros h; ring.
apply (@differential_compose Z z tanh (D1 z) (fun z => fst (snd z) * snd (fst z) + (a - w * tanh b))).
2: exact (Prototypical.tanh_derivative _).
apply (@differential_plus Z z (fun z => fst (snd z) * snd (fst z)) (fun _ => a - w * tanh b)). 2: apply differential_const.
apply (@differential_times Z z (fun z => fst (snd z)) (fun z => snd (fst z))); apply differential_linear; [exact w_linear | exact o_linear].
Qed.
Lemma tanh_y_rule (z : Z) : @differential Z z (tanh_y a b w v) (fun h => (snd (snd h) * fst (fst z) + snd (snd z) * fst (fst h)) * D2 z).
Proof.
apply (@differential_ext Z z _ (fun h => (snd (snd h) * fst (fst z) + snd (snd z) * fst (fst h) + 0) * D2 z)).
2: intros h; ring.
apply (@differential_compose Z z tanh (D2 z) (fun z => snd (snd z) * fst (fst z) + (b - v * tanh a))).
2: exact (Prototypical.tanh_derivative _).
apply (@differential_plus Z z (fun z => snd (snd z) * fst (fst z)) (fun _ => b - v * tanh a)). 2: apply differential_const.
apply (@differential_times Z z (fun z => snd (snd z)) (fun z => fst (fst z))); apply differential_linear; [exact b_linear | exact h_linear].
Qed.
Lemma continuous_of_rule (f l : P2 * P2 -> R) (z : Z) : @differential Z z f l -> @continuous Z R1 f z.
Proof. intros D. exact (@continuous_of_diff Z R1 f l z D). Qed.
Lemma slope_continuous (f : P2 * P2 -> R) (z : Z) : @continuous Z R1 f z -> @continuous Z R1 (fun z => 1 - f z * f z) z.
Proof.
intros C. apply (continuous_minus (V := R1) (fun _ : Z => 1) (fun z => f z * f z)). apply continuous_const.
exact (continuous_mult (K := R_AbsRing) (U := Z) f f z C C).
Qed.
Lemma drive_continuous (k : R) (f h : P2 * P2 -> R) (z : Z) : @continuous Z R1 f z -> @continuous Z R1 h z ->
  @continuous Z R1 (fun z => k * f z + h z * 0) z.
Proof.
intros Cf Ch. apply (continuous_plus (V := R1) (U := Z) (fun z => k * f z) (fun z => h z * 0)).
exact (continuous_mult (K := R_AbsRing) (U := Z) (fun _ => k) f z (continuous_const k z) Cf).
exact (continuous_mult (K := R_AbsRing) (U := Z) h (fun _ => 0) z Ch (continuous_const 0 z)).
Qed.
End TanhPair.

(** For all weights, at every one of their steady states; the Jacobian is symmetric only where
    the two weights times the slopes agree. *)
Theorem tanh_pair_meets_every_hypothesis : Pinned.tanh_pair_meets_every_hypothesis.
Proof.
intros a b w v target. split.
- assert (Hc : forall s : P2, continuous (fun s : P2 => (0, snd s - target) : P2) s).
  { intros s. apply (@flim_pair P2 (locally s) _ R1 R1 (fun _ => 0) (fun s => snd s - target) 0 (snd s - target)).
    apply filterlim_const. apply (continuous_minus (V := R1) (fun s : P2 => snd s) (fun _ => target)).
    apply (@linear_cont R_AbsRing P2 R1 (fun s => snd s) s). apply is_linear_snd. apply continuous_const. }
  apply smooth_fields_are_instances.
  + intros z. exact (@differential_pair _ z R1 R1 _ _ _ _ (tanh_x_rule a b w v z) (tanh_y_rule a b w v z)).
  + intros [dw dv] z.
    assert (Cx := slope_continuous (continuous_of_rule (tanh_x_rule a b w v z))). assert (Cy := slope_continuous (continuous_of_rule (tanh_y_rule a b w v z))).
    assert (Kx := @drive_continuous dw (fun z => snd (fst z)) (fun z => fst (snd z)) z (linear_cont _ z o_linear) (linear_cont _ z w_linear)).
    assert (Ky := @drive_continuous dv (fun z => fst (fst z)) (fun z => snd (snd z)) z (linear_cont _ z h_linear) (linear_cont _ z b_linear)).
    exact (@flim_pair _ (locally z) _ R1 R1 _ _ _ _ (continuous_mult (K := R_AbsRing) _ _ z Kx Cx) (continuous_mult (K := R_AbsRing) _ _ z Ky Cy)).
  + intros s.
    assert (D : @differential P2 s (fun s => (snd s - target) * (snd s - target) / 2) (fun h => snd h * (snd s - target))).
    { apply (@differential_compose P2 s (fun x => (x - target) * (x - target) / 2) (snd s - target) (fun s => snd s) (fun h => snd h)).
      apply differential_linear. apply is_linear_snd. auto_derive; auto. simpl. field. }
    apply (@differential_ext P2 s _ _ _ D). intros [dx dy]. cbn. unfold product_inner; simpl. ring.
  + exact Hc.
  + apply injective_projections; unfold tanh_x, tanh_y; cbn; f_equal; ring.
- intros Hne H.
  assert (E := f_equal fst (H (0, 1))).
  unfold vf_J, dF_ds in E. cbn in E. unfold tanh_x, tanh_y, zero in E. cbn in E.
  apply Hne.
  replace (w * tanh b + (a - w * tanh b)) with a in E by ring. replace (v * tanh a + (b - v * tanh a)) with b in E by ring.
  change ((0 * tanh b + w * 1) * (1 - tanh a * tanh a) =
    (0 * tanh b + w * 0) * (1 - tanh a * tanh a) * 0 + (0 * tanh a + v * 1) * (1 - tanh b * tanh b) * 1) in E. lra.
Qed.
